import type { FeatureViewVersion } from '../definitions/feature-view.js';
import type { EntityKey, OnlineWrite } from '../online/online-store.js';
import type { Row } from '../transformations/transformation.js';

/** Whose row it is. */
export const entityOf = ({ keys }: Pick<FeatureViewVersion, 'keys'>, row: Row): EntityKey =>
  keys.map(({ name }) => row[name] ?? null);

/** A row of a view, with its features, as it goes online. */
export function onlineWriteOf(view: FeatureViewVersion, row: Row): OnlineWrite {
  const { eventTime, createdTime, features } = view;
  const created = createdTime === null ? null : (row[createdTime] ?? null);
  return {
    entity: entityOf(view, row),
    eventTime: Number(row[eventTime ?? ''] ?? NaN),
    createdTime: created === null ? null : Number(created),
    values: features.map(({ name }) => row[name] ?? null),
  };
}

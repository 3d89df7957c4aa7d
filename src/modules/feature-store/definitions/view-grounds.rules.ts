import type { TypedColumn } from '../value-types.js';
import type { DeclaredViewSource } from './declared-definitions.js';
import { definitionError } from './definition-error.js';
import { listOfColumns } from './definition-names.rules.js';
import type { ViewGround } from './feature-view-binding.rules.js';
import { MAX_FEATURES } from './feature-view.rules.js';
import type { FeatureReference } from './feature-view.js';
import type { ListedFeatureView } from './feature-view.repository.js';

type Ground = Pick<ViewGround, 'source' | 'columns' | 'eventTime' | 'createdTime'>;

/** The rows of another view: its keys, times and features. @throws {CodedError} INVALID_INPUT where it has no rows. */
export function upstreamGround(view: ListedFeatureView): Ground {
  const { id, name, version, eventTime, createdTime } = view;
  if (view.source.kind === 'REQUEST') {
    throw definitionError(['source'], `feature view ${name} is computed from requests and has no rows to read`);
  }
  const times = [eventTime, createdTime].filter((column) => column !== null);
  return {
    source: { kind: 'FEATURE_VIEW', versionId: id, name, version },
    columns: [...view.keys, ...times.map((column) => ({ name: column, type: 'TIMESTAMP' as const })), ...view.features],
    eventTime,
    createdTime,
  };
}

/**
 * The fields of a request, and features that are looked up for it.
 * @param views those that features are looked up in, in the order of the source
 * @throws {CodedError} INVALID_INPUT
 */
export function onDemandGround(
  { kind, fields, features }: Extract<DeclaredViewSource, { kind: 'REQUEST' }>,
  views: readonly ListedFeatureView[],
): Ground {
  const columns: TypedColumn[] = fields.map(({ name, type }) => ({ name, type }));
  const references: FeatureReference[] = [];
  for (const [index, view] of views.entries()) {
    const path = ['source', 'features', index];
    if (view.source.kind === 'REQUEST') {
      throw definitionError(path, `feature view ${view.name} is computed from requests itself`);
    }
    const names = features[index]?.features ?? [];
    if (names.length === 0 || columns.length + names.length > MAX_FEATURES) {
      throw definitionError([...path, 'features'], `name at least one, and at most ${MAX_FEATURES} with all others`);
    }
    for (const [at, name] of names.entries()) {
      const feature = view.features.find((each) => each.name === name);
      if (feature === undefined) {
        const problem = `version ${view.version} of feature view ${view.name} has no feature ${JSON.stringify(name)}; it has ${listOfColumns(view.features)}`;
        throw definitionError([...path, 'features', at], problem);
      }
      if (columns.some((column) => column.name.toLowerCase() === name.toLowerCase())) {
        throw definitionError([...path, 'features', at], `${JSON.stringify(name)} is there twice`);
      }
      columns.push({ name, type: feature.type });
    }
    references.push({ versionId: view.id, view: view.name, version: view.version, features: names });
  }
  return { source: { kind, fields, features: references }, columns, eventTime: null, createdTime: null };
}

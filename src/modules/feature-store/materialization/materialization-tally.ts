import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { fromJson, toJson } from '../json-values.rules.js';
import type { OnlineWritten } from '../online/online-store.js';
import type { FeatureValue } from '../value-types.js';
import type { EntityBatch } from './entity-batches.js';
import type { FeatureMaterializationEntity } from './entities/feature-materialization.entity.js';
import type { MaterializationProgress } from './materialization-run.repository.js';

type Cursor = FeatureMaterializationEntity['entityCursor'];

/** How far a materialization has come, over all its attempts. */
export class MaterializationTally {
  private current: MaterializationProgress;

  constructor(
    private readonly view: FeatureViewVersion,
    { rowsRead, rowsWritten, newestEvent, entityCursor }: FeatureMaterializationEntity,
  ) {
    this.current = { rowsRead, rowsWritten, newestEvent, entityCursor };
  }

  get made(): MaterializationProgress {
    return this.current;
  }

  /** Counts a batch that is written. */
  add({ count, last, newestEvent }: EntityBatch, { written }: OnlineWritten): void {
    const before = this.current;
    const newest = Math.max(Math.floor(newestEvent), before.newestEvent?.getTime() ?? -Infinity);
    this.current = {
      rowsRead: before.rowsRead + count,
      rowsWritten: before.rowsWritten + written,
      newestEvent: new Date(newest),
      entityCursor: last.map((value, at) => toJson(value, this.view.keys[at]?.type ?? 'STRING')),
    };
  }
}

/** The key that a cursor holds. */
export function keyFromCursor({ keys }: FeatureViewVersion, cursor: Cursor): FeatureValue[] | null {
  if (cursor === null) return null;
  return keys.map(({ name, type }, at) => {
    const value = fromJson(cursor[at], type);
    if (value === undefined) throw new Error(`A cursor of a materialization holds no ${type} for ${name}.`);
    return value;
  });
}

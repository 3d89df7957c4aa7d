import { Injectable } from '@nestjs/common';
import { groupBy } from '../../../common/collections/group-by.js';
import type { FeatureViewVersion } from '../definitions/feature-view.js';
import { OnlineStore, type OnlineWritten } from '../online/online-store.js';
import { onlineViewOf } from '../online/online-view.rules.js';
import { joinedKey } from '../online/stored-values.rules.js';
import { rowTransformation, transformedRow } from '../serving/row-transformation.rules.js';
import type { Row } from '../transformations/transformation.js';
import { EntityHistories } from './entity-histories.js';
import { entityOf, onlineWriteOf } from './online-write.rules.js';

/** Brings rows of a source online through a view of it, as the engine would transform them. */
@Injectable()
export class OnlinePush {
  constructor(
    private readonly store: OnlineStore,
    private readonly histories: EntityHistories,
  ) {}

  /**
   * @returns rows; of a view whose windows look back, entities.
   * @throws {CodedError} CONFLICT where the view cannot transform row by row; those of `EntityHistories.absorb`.
   */
  async push(view: FeatureViewVersion, rows: readonly Row[]): Promise<OnlineWritten> {
    const fitted = rowTransformation(view);
    if (fitted?.needsHistory === true) {
      const byEntity = groupBy(rows, (row) => joinedKey(entityOf(view, row).map(String)));
      const come = [...byEntity.values()].map((ofEntity) => ({
        entity: entityOf(view, ofEntity[0] ?? {}),
        rows: ofEntity,
      }));
      return this.histories.absorb({ view, fitted }, come, 'PUSH');
    }
    const transformed = fitted === null ? rows : rows.map((row) => transformedRow(fitted, row));
    return this.store.write(
      onlineViewOf(view),
      transformed.map((row) => onlineWriteOf(view, row)),
    );
  }
}

import { Injectable } from '@nestjs/common';
import { Remembered } from '../../../common/concurrency/remembered.js';
import { dataSourceKinds } from '../sources/connections/connection.js';
import { CollectionRunRepository, type OpenCount } from './collection-run.repository.js';

/** However many ask, the database is asked this seldom, in milliseconds. */
const FRESH_MS = 5_000;

/** Counts of collections that have not ended, for the metrics: a few seconds old, and those of before while nothing can be read. */
@Injectable()
export class OpenCollections {
  private readonly remembered: Remembered<readonly OpenCount[]>;

  constructor(runs: CollectionRunRepository) {
    this.remembered = new Remembered(FRESH_MS, () => runs.countOpen());
  }

  /** For every state and kind; none where they were never read. */
  async counts(): Promise<OpenCount[]> {
    const found = await this.remembered.get();
    if (found === null) return [];
    return dataSourceKinds.flatMap((kind) =>
      (['QUEUED', 'RUNNING'] as const).map((status) => ({
        status,
        kind,
        count: found.find((one) => one.status === status && one.kind === kind)?.count ?? 0,
      })),
    );
  }
}

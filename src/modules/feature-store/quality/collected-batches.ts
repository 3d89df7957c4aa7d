import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { DataCollectionEntity } from '../ingestion/entities/data-collection.entity.js';
import type { DataSnapshotEntity } from '../snapshots/entities/data-snapshot.entity.js';
import type { SourceFacts } from './quality-scores.rules.js';

/** What became of batches at the door: of rows that are not in the files, only the reports know. */
@Injectable()
export class CollectedBatches {
  constructor(@InjectRepository(DataCollectionEntity) private readonly collections: Repository<DataCollectionEntity>) {}

  /** @param chain the snapshots that together are a version of the source. */
  async factsOf(
    sourceId: string,
    chain: readonly DataSnapshotEntity[],
  ): Promise<Pick<SourceFacts, 'rowsQuarantined' | 'lostValues' | 'lastCollectedAt'>> {
    const ids = chain.map(({ collectionId }) => collectionId);
    const [quarantine]: readonly { rows: number }[] = await this.collections.query(
      // What a replay leaves out goes on waiting where it waited.
      `SELECT coalesce(sum(rows_quarantined - rows_replayed), 0)::float8 AS rows
       FROM data_collections WHERE id = ANY($1::uuid[]) AND replay_of IS NULL`,
      [ids],
    );
    const lost: readonly { column: string; rows: number }[] = await this.collections.query(
      // Where rows were left out, those with such values are not in the files.
      `SELECT violation ->> 'column' AS column, sum((violation ->> 'rows')::float8) AS rows
       FROM data_collections, jsonb_array_elements(report -> 'violations') AS violation
       WHERE id = ANY($1::uuid[]) AND rows_quarantined = 0 AND violation ->> 'rule' = 'TYPE' GROUP BY 1`,
      [ids],
    );
    const [last]: readonly { at: Date | null }[] = await this.collections.query(
      `SELECT max(ended_at) AS at FROM data_collections WHERE source_id = $1 AND status = 'SUCCEEDED'`,
      [sourceId],
    );
    return {
      rowsQuarantined: quarantine?.rows ?? 0,
      lostValues: new Map(lost.map(({ column, rows }) => [column, rows])),
      lastCollectedAt: last?.at?.getTime() ?? null,
    };
  }
}

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import type { Digest } from '../../../common/storage/digest.js';
import { DataCollectionEntity } from '../ingestion/entities/data-collection.entity.js';
import type { QuarantineCriteria } from './quarantined-row.js';

/** A collection with rows that still wait in quarantine. */
export interface OpenQuarantine {
  readonly id: string;
  readonly createdAt: Date;
  readonly digest: Digest;
}

/** Collections by the rows that they left out. */
@Injectable()
export class QuarantineRepository {
  constructor(@InjectRepository(DataCollectionEntity) private readonly collections: Repository<DataCollectionEntity>) {}

  /** Those of a source that may have such rows, newest first. @param from the first of them, where it is not the newest. */
  async open(
    sourceId: string,
    { collectionId, rule, column }: QuarantineCriteria,
    from: Pick<OpenQuarantine, 'id' | 'createdAt'> | undefined,
    limit: number,
  ): Promise<OpenQuarantine[]> {
    const query = this.collections
      .createQueryBuilder('run')
      .where('run.sourceId = :sourceId AND run.openQuarantineDigest IS NOT NULL', { sourceId });
    if (collectionId !== undefined) query.andWhere('run.id = :collectionId', { collectionId });
    if (rule !== undefined || column !== undefined) {
      const violations = JSON.stringify([
        { ...(rule !== undefined && { rule }), ...(column !== undefined && { column }) },
      ]);
      query.andWhere(`run.report -> 'violations' @> CAST(:violations AS jsonb)`, { violations });
    }
    if (from !== undefined) query.andWhere('(run.createdAt, run.id) <= (:createdAt, :id)', from);
    const rows = await query.orderBy('run.createdAt', 'DESC').addOrderBy('run.id', 'DESC').take(limit).getMany();
    return rows.flatMap(({ id, createdAt, openQuarantineDigest: digest }) =>
      digest === null ? [] : [{ id, createdAt, digest }],
    );
  }

  /** The rows of a collection that still wait; null where none do. */
  async digestOf(collectionId: string): Promise<Digest | null> {
    return (await this.collections.findOneBy({ id: collectionId }))?.openQuarantineDigest ?? null;
  }

  /** Says which rows wait from now on. @returns whether those that are said to have waited did. */
  async replayed(
    manager: EntityManager,
    collectionId: string,
    { waited, waiting, rows }: { readonly waited: Digest; readonly waiting: Digest | null; readonly rows: number },
  ): Promise<boolean> {
    const changed: readonly unknown[] = await manager.query(
      `WITH changed AS (
         UPDATE data_collections SET open_quarantine_digest = $3, rows_replayed = rows_replayed + $4
         WHERE id = $1 AND open_quarantine_digest = $2 RETURNING id)
       SELECT id FROM changed`,
      [collectionId, waited, waiting, rows],
    );
    return changed.length === 1;
  }
}

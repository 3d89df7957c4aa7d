import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, Repository } from 'typeorm';
import { decodeCursor, type Page, pageOf } from '../../../common/graphql/page.js';
import { DataCollectionEntity } from './entities/data-collection.entity.js';

/** What is known of a collection when it is asked for. */
export type NewCollection = Pick<
  DataCollectionEntity,
  | 'id'
  | 'workspaceId'
  | 'sourceId'
  | 'inputDigest'
  | 'isPushed'
  | 'maxAttempts'
  | 'requestId'
  | 'requestedBy'
  | 'replayOf'
  | 'corrections'
>;

/** Collections as their owners see them. */
@Injectable()
export class DataCollectionRepository {
  constructor(@InjectRepository(DataCollectionEntity) private readonly collections: Repository<DataCollectionEntity>) {}

  async insert(manager: EntityManager, collection: NewCollection): Promise<void> {
    await manager.insert(DataCollectionEntity, { ...collection, status: 'QUEUED' });
  }

  async find(
    workspaceId: string,
    id: string,
    manager = this.collections.manager,
  ): Promise<DataCollectionEntity | null> {
    return manager.findOneBy(DataCollectionEntity, { workspaceId, id });
  }

  /** Gives up a collection that has not ended. @returns whether it was one. */
  async cancel(manager: EntityManager, workspaceId: string, id: string): Promise<boolean> {
    const rows: readonly unknown[] = await manager.query(
      `WITH cancelled AS (
         UPDATE data_collections
         SET status = 'CANCELLED', generation = generation + 1, worker = NULL, lease_until = NULL, phase = NULL,
           ended_at = now()
         WHERE workspace_id = $1 AND id = $2 AND status IN ('QUEUED', 'RUNNING') RETURNING id)
       SELECT id FROM cancelled`,
      [workspaceId, id],
    );
    return rows.length === 1;
  }

  /** Collections of a source that have not ended. */
  async countOpen(manager: EntityManager, sourceId: string): Promise<number> {
    return manager.countBy(DataCollectionEntity, [
      { sourceId, status: 'QUEUED' },
      { sourceId, status: 'RUNNING' },
    ]);
  }

  /** Newest first. */
  async page(sourceId: string, size: number, after: string | undefined): Promise<Page<DataCollectionEntity>> {
    const query = this.collections.createQueryBuilder('run').where('run.sourceId = :sourceId', { sourceId });
    if (after !== undefined) {
      const [time, id] = decodeCursor(after, 2);
      query.andWhere('(run.createdAt, run.id) < (:createdAt, :id)', { createdAt: new Date(String(time)), id });
    }
    const rows = await query
      .orderBy('run.createdAt', 'DESC')
      .addOrderBy('run.id', 'DESC')
      .take(size + 1)
      .getMany();
    return pageOf(rows, size, (row) => [row.createdAt.toISOString(), row.id]);
  }
}

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, Repository } from 'typeorm';
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

  async byIds(workspaceId: string, ids: readonly string[]): Promise<Map<string, DataCollectionEntity>> {
    const found = await this.collections.findBy({ workspaceId, id: In([...ids]) });
    return new Map(found.map((collection) => [collection.id, collection]));
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

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, IsNull, Repository } from 'typeorm';
import { decodeCursor, invalidCursor, type Page, pageOf } from '../../../common/graphql/page.js';
import { DATA_SOURCE_NAME } from './data-source-name.rules.js';
import { DataSourceEntity } from './entities/data-source.entity.js';

/** A stream that nobody reads at the moment. */
export interface IdleStream {
  readonly source: DataSourceEntity;
  /** Whether its last collection left rows unread. */
  readonly hadFullBatch: boolean;
}

/** Sources, always within a workspace but for what workers ask. */
@Injectable()
export class DataSourceRepository {
  constructor(@InjectRepository(DataSourceEntity) private readonly sources: Repository<DataSourceEntity>) {}

  async find(
    workspaceId: string,
    name: string,
    manager: EntityManager = this.sources.manager,
  ): Promise<DataSourceEntity | null> {
    if (!DATA_SOURCE_NAME.test(name)) return null;
    return manager.findOneBy(DataSourceEntity, { workspaceId, name, deletedAt: IsNull() });
  }

  /** Also of a source that was deleted since. */
  async findById(workspaceId: string, id: string): Promise<DataSourceEntity | null> {
    return this.sources.findOneBy({ workspaceId, id });
  }

  /** Those that there are, by their ids; also such as were deleted since. */
  async findByIds(workspaceId: string, ids: readonly string[]): Promise<Map<string, DataSourceEntity>> {
    const found = await this.sources.findBy({ workspaceId, id: In(ids) });
    return new Map(found.map((source) => [source.id, source]));
  }

  /** As `find`, with its row locked until the transaction ends. */
  async lock(manager: EntityManager, workspaceId: string, name: string): Promise<DataSourceEntity | null> {
    if (!DATA_SOURCE_NAME.test(name)) return null;
    const where = { workspaceId, name, deletedAt: IsNull() };
    return manager.findOne(DataSourceEntity, { where, lock: { mode: 'pessimistic_write' } });
  }

  /** By name. */
  async page(workspaceId: string, size: number, after: string | undefined): Promise<Page<DataSourceEntity>> {
    const query = this.sources
      .createQueryBuilder('source')
      .where('source.workspaceId = :workspaceId AND source.deletedAt IS NULL', { workspaceId });
    if (after !== undefined) query.andWhere('source.name > :name', { name: nameOf(after) });
    const rows = await query
      .orderBy('source.name')
      .take(size + 1)
      .getMany();
    return pageOf(rows, size, ({ name }) => [name]);
  }

  /**
   * Streams of all workspaces that no collection reads or is about to read.
   * @param restMs for so long one is left alone after a collection of it failed, in milliseconds.
   * @param fullBatch rows of a batch that left others unread.
   */
  async idleStreams(restMs: number, fullBatch: number): Promise<IdleStream[]> {
    const { entities, raw } = await this.sources
      .createQueryBuilder('source')
      .addSelect(
        `coalesce((SELECT run.rows_read >= :fullBatch FROM data_collections AS run WHERE run.source_id = source.id
           ORDER BY run.created_at DESC, run.id DESC LIMIT 1), false)`,
        'had_full_batch',
      )
      .where(`source.kind = 'STREAM' AND source.deletedAt IS NULL`)
      .andWhere(
        `NOT EXISTS (SELECT 1 FROM data_collections AS run WHERE run.source_id = source.id AND (run.ended_at IS NULL
           OR run.status <> 'SUCCEEDED' AND run.ended_at > now() - :restMs * interval '1 ms'))`,
      )
      .setParameters({ restMs, fullBatch })
      .orderBy('source.id')
      .getRawAndEntities<{ had_full_batch: boolean }>();
    return entities.map((source, at) => ({ source, hadFullBatch: raw[at]?.had_full_batch ?? false }));
  }

  /** Sources of all workspaces whose time has come and that are not being collected, the longest overdue first. */
  async due(most: number): Promise<DataSourceEntity[]> {
    return this.sources
      .createQueryBuilder('source')
      .where('source.deletedAt IS NULL AND source.nextCollectionAt <= now()')
      .andWhere(
        `NOT EXISTS (SELECT 1 FROM data_collections AS run
           WHERE run.source_id = source.id AND run.status IN ('QUEUED', 'RUNNING'))`,
      )
      .orderBy('source.nextCollectionAt')
      .take(most)
      .getMany();
  }

  /** Sources of all workspaces that have a secret which does not begin so. */
  async withSecretsNotUnder(prefix: string): Promise<DataSourceEntity[]> {
    return this.sources
      .createQueryBuilder('source')
      .where('source.deletedAt IS NULL')
      .andWhere(
        'EXISTS (SELECT 1 FROM jsonb_each_text(source.secrets) AS secret WHERE NOT starts_with(secret.value, :prefix))',
        { prefix },
      )
      .getMany();
  }

  async insert(manager: EntityManager, source: DataSourceEntity): Promise<void> {
    await manager.insert(DataSourceEntity, source);
  }

  /** Changes a source whose row must have been locked. @returns it as it is now. */
  async change(
    manager: EntityManager,
    source: DataSourceEntity,
    change: Partial<DataSourceEntity>,
  ): Promise<DataSourceEntity> {
    return manager.save(Object.assign(source, change));
  }
}

function nameOf(cursor: string): string {
  const [name] = decodeCursor(cursor, 1);
  if (typeof name !== 'string' || !DATA_SOURCE_NAME.test(name)) throw invalidCursor();
  return name;
}

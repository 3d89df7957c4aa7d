import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, Repository } from 'typeorm';
import { decodeCursor, type Page, pageOf } from '../../../common/graphql/page.js';
import { FeatureMaterializationMarkEntity } from './entities/feature-materialization-mark.entity.js';
import { FeatureMaterializationEntity } from './entities/feature-materialization.entity.js';

/** What is known of a materialization when it is asked for. */
export type NewMaterialization = Pick<
  FeatureMaterializationEntity,
  | 'id'
  | 'workspaceId'
  | 'viewId'
  | 'viewVersionId'
  | 'view'
  | 'version'
  | 'kind'
  | 'fromTime'
  | 'toTime'
  | 'maxAttempts'
  | 'requestId'
  | 'requestedBy'
>;

/** Materializations as their owners see them. */
@Injectable()
export class MaterializationRepository {
  constructor(
    @InjectRepository(FeatureMaterializationEntity) private readonly runs: Repository<FeatureMaterializationEntity>,
  ) {}

  async insert(manager: EntityManager, run: NewMaterialization): Promise<void> {
    await manager.insert(FeatureMaterializationEntity, { ...run, status: 'QUEUED' });
  }

  async find(
    workspaceId: string,
    id: string,
    manager: EntityManager = this.runs.manager,
  ): Promise<FeatureMaterializationEntity | null> {
    return manager.findOneBy(FeatureMaterializationEntity, { workspaceId, id });
  }

  /** Materializations of a view that have not ended. */
  async countOpen(manager: EntityManager, viewId: string): Promise<number> {
    return manager.countBy(FeatureMaterializationEntity, { viewId, status: In(['QUEUED', 'RUNNING']) });
  }

  /** Up to where a version of a view is online; null where it is not. */
  async materializedUntil(viewVersionId: string): Promise<Date | null> {
    const mark = await this.runs.manager.findOneBy(FeatureMaterializationMarkEntity, { viewVersionId });
    return mark?.materializedUntil ?? null;
  }

  /** Newest first. */
  async page(viewId: string, size: number, after: string | undefined): Promise<Page<FeatureMaterializationEntity>> {
    const query = this.runs.createQueryBuilder('run').where('run.viewId = :viewId', { viewId });
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

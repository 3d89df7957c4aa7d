import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, In } from 'typeorm';
import { groupBy } from '../../../common/collections/group-by.js';
import { HistoricalFeaturesJobEntity } from '../offline/jobs/entities/historical-features-job.entity.js';
import type { HistoricalFeaturesJob } from '../offline/jobs/historical-features-job.js';
import { ModelTrainingSetEntity } from './entities/model-training-set.entity.js';

/** Which training sets model versions were trained on. */
@Injectable()
export class TrainingSetRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Jobs that get historical features, whatever came of them. */
  async jobs(
    workspaceId: string,
    ids: readonly string[],
    manager: EntityManager = this.dataSource.manager,
  ): Promise<HistoricalFeaturesJob[]> {
    const order = { createdAt: 'DESC', id: 'DESC' } as const;
    return manager.find(HistoricalFeaturesJobEntity, { where: { workspaceId, id: In([...ids]) }, order });
  }

  /** In place of those that the version named before. */
  async replace(
    manager: EntityManager,
    versionId: string,
    jobIds: readonly string[],
    by: Pick<ModelTrainingSetEntity, 'workspaceId' | 'namedBy' | 'namedAt'>,
  ): Promise<void> {
    await manager.delete(ModelTrainingSetEntity, { versionId });
    if (jobIds.length === 0) return;
    const rows = jobIds.map((jobId) => ({ ...by, versionId, jobId }));
    await manager.insert(ModelTrainingSetEntity, rows);
  }

  /** The training sets of model versions, by their ids, the newest first. */
  async ofVersions(
    workspaceId: string,
    versionIds: readonly string[],
  ): Promise<ReadonlyMap<string, HistoricalFeaturesJob[]>> {
    const where = { workspaceId, versionId: In([...versionIds]) };
    const named = groupBy(await this.dataSource.manager.findBy(ModelTrainingSetEntity, where), (row) => row.versionId);
    const jobIds = new Set([...named.values()].flatMap((rows) => rows.map(({ jobId }) => jobId)));
    const jobs = await this.jobs(workspaceId, [...jobIds]);
    return new Map(
      [...named].map(([versionId, rows]) => {
        const own = new Set(rows.map(({ jobId }) => jobId));
        return [versionId, jobs.filter(({ id }) => own.has(id))];
      }),
    );
  }
}

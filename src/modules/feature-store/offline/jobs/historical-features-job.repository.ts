import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager, In, type SelectQueryBuilder } from 'typeorm';
import { decodeCursor, type Page, pageOf } from '../../../../common/graphql/page.js';
import { HistoricalFeaturesJobEntity } from './entities/historical-features-job.entity.js';
import type {
  HistoricalFeaturesJob,
  HistoricalFeaturesRequest,
  HistoricalFeaturesStatus,
} from './historical-features-job.js';

/** Which jobs are wanted; all of the workspace's unless told. */
export interface HistoricalFeaturesCriteria {
  readonly status?: readonly HistoricalFeaturesStatus[] | undefined;
  /** Those that succeeded and read this source, at this snapshot or at any. */
  readonly sourceId?: string | undefined;
  readonly snapshotVersion?: number | undefined;
  /** Those that succeeded and have features of this version of a view. */
  readonly viewVersionId?: string | undefined;
}

/** Jobs that get historical features. */
@Injectable()
export class HistoricalFeaturesJobRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async insert(manager: EntityManager, id: string, request: HistoricalFeaturesRequest): Promise<void> {
    await manager.insert(HistoricalFeaturesJobEntity, { ...request, id, status: 'QUEUED' });
  }

  async find(
    workspaceId: string,
    id: string,
    manager: EntityManager = this.dataSource.manager,
  ): Promise<HistoricalFeaturesJob | null> {
    return manager.findOneBy(HistoricalFeaturesJobEntity, { workspaceId, id });
  }

  /** Jobs of a workspace that have not ended. */
  async countOpen(manager: EntityManager, workspaceId: string): Promise<number> {
    return manager.countBy(HistoricalFeaturesJobEntity, [
      { workspaceId, status: 'QUEUED' },
      { workspaceId, status: 'RUNNING' },
    ]);
  }

  /** Newest first. */
  async page(
    workspaceId: string,
    criteria: HistoricalFeaturesCriteria,
    size: number,
    after: string | undefined,
  ): Promise<Page<HistoricalFeaturesJob>> {
    const query = this.dataSource
      .createQueryBuilder(HistoricalFeaturesJobEntity, 'job')
      .where('job.workspaceId = :workspaceId', { workspaceId });
    narrow(query, criteria);
    if (after !== undefined) {
      const [time, id] = decodeCursor(after, 2);
      query.andWhere('(job.createdAt, job.id) < (:createdAt, :id)', { createdAt: new Date(String(time)), id });
    }
    const rows = await query
      .orderBy('job.createdAt', 'DESC')
      .addOrderBy('job.id', 'DESC')
      .take(size + 1)
      .getMany();
    return pageOf(rows, size, (row) => [row.createdAt.toISOString(), row.id]);
  }

  /**
   * The newest jobs that made a result of each of these snapshots, or versions of feature views.
   * @param ids of rows of `data_snapshots`, or of `feature_view_versions`.
   * @param size most jobs for each.
   */
  async madeOf(
    workspaceId: string,
    kind: 'SNAPSHOT' | 'FEATURE_VIEW',
    ids: readonly string[],
    size: number,
  ): Promise<Map<string, HistoricalFeaturesJob[]>> {
    const used =
      kind === 'SNAPSHOT'
        ? `SELECT snapshot.id, usage.used_by, usage.kind FROM data_usages AS usage
           JOIN data_snapshots AS snapshot ON snapshot.source_id = usage.source_id AND snapshot.version = usage.version`
        : 'SELECT usage.view_version_id AS id, usage.used_by, usage.kind FROM feature_view_usages AS usage';
    const rows: readonly { id: string; job_id: string }[] = await this.dataSource.query(
      `SELECT id, job_id FROM (
         SELECT used.id, job.id AS job_id,
           row_number() OVER (PARTITION BY used.id ORDER BY job.created_at DESC, job.id DESC) AS place
         FROM (${used}) AS used
         JOIN historical_features_jobs AS job ON job.id = used.used_by AND job.status = 'SUCCEEDED'
         WHERE used.kind = 'HISTORICAL_FEATURES' AND used.id = ANY($1::uuid[]) AND job.workspace_id = $2) AS made
       WHERE place <= $3 ORDER BY place`,
      [ids, workspaceId, size],
    );
    const jobs = await this.dataSource.manager.findBy(HistoricalFeaturesJobEntity, {
      id: In(rows.map((row) => row.job_id)),
    });
    const byId = new Map(jobs.map((job) => [job.id, job]));
    const made = new Map<string, HistoricalFeaturesJob[]>();
    for (const { id, job_id: jobId } of rows) {
      const job = byId.get(jobId);
      if (job !== undefined) made.set(id, [...(made.get(id) ?? []), job]);
    }
    return made;
  }

  /** What jobs used that came to nothing need not be kept for them. */
  async forgetUsages(): Promise<void> {
    for (const table of ['data_usages', 'feature_view_usages']) {
      await this.dataSource.query(
        `DELETE FROM ${table} AS usage USING historical_features_jobs AS job
         WHERE usage.kind = 'HISTORICAL_FEATURES' AND job.id = usage.used_by AND job.status IN ('FAILED', 'CANCELLED')`,
      );
    }
  }
}

function narrow(
  query: SelectQueryBuilder<HistoricalFeaturesJobEntity>,
  { status, sourceId, snapshotVersion, viewVersionId }: HistoricalFeaturesCriteria,
): void {
  if (status !== undefined) query.andWhere('job.status = ANY(:status)', { status });
  if (sourceId !== undefined) {
    const ofVersion = snapshotVersion === undefined ? '' : 'AND usage.version = :snapshotVersion';
    query.andWhere(madeOf(`data_usages AS usage WHERE usage.source_id = :sourceId ${ofVersion}`), {
      sourceId,
      snapshotVersion,
    });
  }
  if (viewVersionId !== undefined) {
    query.andWhere(madeOf('feature_view_usages AS usage WHERE usage.view_version_id = :viewVersionId'), {
      viewVersionId,
    });
  }
}

const madeOf = (usages: string): string =>
  `job.status = 'SUCCEEDED' AND job.id IN (SELECT usage.used_by FROM ${usages} AND usage.kind = 'HISTORICAL_FEATURES')`;

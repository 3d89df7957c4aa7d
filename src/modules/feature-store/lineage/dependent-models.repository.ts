import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';

/** What model versions stem from, told by ids: of sources, snapshots, versions of views, and jobs. */
export type ModelOrigin = 'DATA_SOURCE' | 'SNAPSHOT' | 'FEATURE_VIEW' | 'TRAINING_SET';

/** Training sets that were made of each of these, as `key` and `job_id`. */
const trainingSets: Readonly<Record<ModelOrigin, string>> = {
  DATA_SOURCE: `SELECT source_id AS key, used_by AS job_id FROM data_usages
    WHERE kind = 'HISTORICAL_FEATURES' AND source_id = ANY($2::uuid[])`,
  SNAPSHOT: `SELECT snapshot.id AS key, usage.used_by AS job_id FROM data_snapshots AS snapshot
    JOIN data_usages AS usage ON usage.source_id = snapshot.source_id AND usage.version = snapshot.version
    WHERE usage.kind = 'HISTORICAL_FEATURES' AND snapshot.id = ANY($2::uuid[])`,
  FEATURE_VIEW: `SELECT view_version_id AS key, used_by AS job_id FROM feature_view_usages
    WHERE kind = 'HISTORICAL_FEATURES' AND view_version_id = ANY($2::uuid[])`,
  TRAINING_SET: 'SELECT id AS key, id AS job_id FROM unnest($2::uuid[]) AS asked(id)',
};

/** Versions of views whose values stem from each of these, as `key` and `id`; without those that read them in turn. */
const views: Readonly<Record<Exclude<ModelOrigin, 'TRAINING_SET'>, string>> = {
  DATA_SOURCE: `SELECT source_id AS key, id FROM feature_view_versions
    WHERE workspace_id = $1 AND source_id = ANY($2::uuid[])`,
  SNAPSHOT: `SELECT snapshot.id AS key, version.id FROM data_snapshots AS snapshot
    JOIN feature_view_versions AS version ON version.workspace_id = $1 AND version.learned_from @>
      jsonb_build_object('sourceId', snapshot.source_id::text, 'version', snapshot.version)
    WHERE snapshot.id = ANY($2::uuid[])`,
  FEATURE_VIEW: 'SELECT id AS key, id FROM unnest($2::uuid[]) AS asked(id)',
};

/** A model version, and when it was said what it stems from. */
export interface ModelUse {
  readonly versionId: string;
  readonly at: Date;
}

/** Finds model versions by what they stem from. */
@Injectable()
export class DependentModelsRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Those that were trained on it, at most `size` for each, the newest first. */
  async trained(
    workspaceId: string,
    origin: ModelOrigin,
    keys: readonly string[],
    size: number,
  ): Promise<readonly (ModelUse & { readonly key: string })[]> {
    return this.dataSource.query(
      `SELECT key, "versionId", at FROM (
         SELECT made.key, named.version_id AS "versionId", max(named.named_at) AS at,
           row_number() OVER (PARTITION BY made.key ORDER BY max(named.named_at) DESC, named.version_id) AS place
         FROM (${trainingSets[origin]}) AS made
         JOIN model_training_sets AS named ON named.job_id = made.job_id AND named.workspace_id = $1
         GROUP BY made.key, named.version_id) AS trained
       WHERE place <= $3`,
      [workspaceId, keys, size],
    );
  }

  /** Versions of feature services with features of it, also through views that read each other. */
  async services(
    workspaceId: string,
    origin: keyof typeof views,
    keys: readonly string[],
  ): Promise<readonly { readonly key: string; readonly id: string }[]> {
    return this.dataSource.query(
      `WITH RECURSIVE reading AS (
         ${views[origin]}
         UNION
         SELECT reading.key, version.id FROM reading
         JOIN feature_view_versions AS version
           ON version.workspace_id = $1 AND reading.id = ANY(version.view_version_ids))
       SELECT DISTINCT reading.key, service.id FROM reading
       JOIN feature_service_versions AS service
         ON service.workspace_id = $1 AND reading.id = ANY(service.view_version_ids)`,
      [workspaceId, keys],
    );
  }
}

import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, type Repository } from 'typeorm';
import type { Digest } from '../../../common/storage/digest.js';
import { ModelServingEntity } from '../entities/model-serving.entity.js';
import type { ServedFile, ServingChange } from './served-file.js';
import type { Residency, ServingPolicy, WarmUpSample } from './serving-policy.js';

@Injectable()
export class ModelServingRepository {
  constructor(@InjectRepository(ModelServingEntity) private readonly servings: Repository<ModelServingEntity>) {}

  async ofVersions(workspaceId: string, versionIds: readonly string[]): Promise<ModelServingEntity[]> {
    return this.servings.findBy({ workspaceId, versionId: In([...versionIds]) });
  }

  async change(
    manager: EntityManager,
    { workspaceId, versionId }: { readonly workspaceId: string; readonly versionId: string },
    { residency, policy, warmUp }: ServingChange,
  ): Promise<void> {
    await manager.query(
      `INSERT INTO model_servings AS known (version_id, workspace_id, residency, policy, warm_up, revision, updated_at)
       VALUES ($1, $2, coalesce($3, 'ON_DEMAND'), coalesce($4::jsonb, '{}'), coalesce($5::jsonb, '[]'), 1, now())
       ON CONFLICT (version_id) DO UPDATE SET
         residency = coalesce($3, known.residency), policy = coalesce($4::jsonb, known.policy),
         warm_up = coalesce($5::jsonb, known.warm_up), revision = known.revision + 1, updated_at = now()`,
      [versionId, workspaceId, residency ?? null, json(policy), json(warmUp)],
    );
  }

  /**
   * What is wanted of files of which something was said, by all workspaces: executors are shared, and hold a file once.
   * Versions of which nothing was said but that hold such a file are among them.
   * @param digest only of this file.
   */
  async files(digest?: Digest): Promise<ServedFile[]> {
    const rows: readonly {
      digest: Digest;
      size_bytes: string;
      residency: Residency;
      policy: ServingPolicy;
      warm_up: readonly WarmUpSample[];
      revision: number;
    }[] = await this.servings.query(
      `SELECT version.digest, version.size_bytes, coalesce(serving.residency, 'ON_DEMAND') AS residency,
         coalesce(serving.policy, '{}') AS policy, coalesce(serving.warm_up, '[]') AS warm_up,
         coalesce(serving.revision, 0) AS revision
       FROM model_versions version LEFT JOIN model_servings serving ON serving.version_id = version.id
       WHERE ($1::text IS NULL OR version.digest = $1) AND version.digest IN (
         SELECT held.digest FROM model_versions held JOIN model_servings said ON said.version_id = held.id
         WHERE said.residency <> 'ON_DEMAND' OR said.warm_up <> '[]'
       )
       ORDER BY version.created_at, version.id`,
      [digest ?? null],
    );
    return rows.map(({ size_bytes: sizeBytes, policy: placement, warm_up: warmUp, ...row }) => ({
      ...row,
      sizeBytes: Number(sizeBytes),
      placement,
      warmUp,
    }));
  }
}

const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));

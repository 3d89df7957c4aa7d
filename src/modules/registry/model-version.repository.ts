import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, type Repository } from 'typeorm';
import { groupBy } from '../../common/collections/group-by.js';
import type { Digest } from '../../common/storage/digest.js';
import { ModelVersionEntity } from './entities/model-version.entity.js';
import type { ModelStage } from './model-stage.js';
import type { StageChange } from './model-version.rules.js';

/** Which versions of a model are asked for: the newest `first` of those below `before`. */
export interface VersionRange {
  readonly first: number;
  readonly before?: number | undefined;
  readonly stage?: ModelStage | undefined;
}

@Injectable()
export class ModelVersionRepository {
  constructor(@InjectRepository(ModelVersionEntity) private readonly versions: Repository<ModelVersionEntity>) {}

  async find(workspaceId: string, modelId: string, version: number): Promise<ModelVersionEntity | null> {
    return this.versions.findOneBy({ workspaceId, modelId, version });
  }

  async findInTransaction(
    manager: EntityManager,
    workspaceId: string,
    modelId: string,
    version: number,
  ): Promise<ModelVersionEntity | null> {
    return manager.findOneBy(ModelVersionEntity, { workspaceId, modelId, version });
  }

  async insert(manager: EntityManager, version: ModelVersionEntity): Promise<void> {
    await manager.insert(ModelVersionEntity, version);
  }

  async inStage(
    manager: EntityManager,
    workspaceId: string,
    modelId: string,
    stage: ModelStage,
  ): Promise<ModelVersionEntity[]> {
    return manager.findBy(ModelVersionEntity, { workspaceId, modelId, stage });
  }

  async changeStages(
    manager: EntityManager,
    workspaceId: string,
    modelId: string,
    changes: readonly StageChange[],
    at: Date,
  ): Promise<void> {
    for (const { version, to } of changes) {
      await manager.update(ModelVersionEntity, { workspaceId, modelId, version }, { stage: to, updatedAt: at });
    }
  }

  async byIds(workspaceId: string, ids: readonly string[]): Promise<ModelVersionEntity[]> {
    return this.versions.findBy({ workspaceId, id: In([...ids]) });
  }

  /** By their names, as JSON texts of `[model, version]`. */
  async byNames(workspaceId: string, names: readonly string[]): Promise<Map<string, ModelVersionEntity>> {
    const rows: readonly { name: string; id: string }[] = await this.versions.query(
      `SELECT asked.name, version.id FROM unnest($2::text[]) AS asked(name)
       JOIN registered_models AS model ON model.workspace_id = $1 AND model.name = asked.name::jsonb ->> 0
       JOIN model_versions AS version
         ON version.model_id = model.id AND version.version = (asked.name::jsonb ->> 1)::integer`,
      [workspaceId, names],
    );
    const found = await this.byIds(workspaceId, [...new Set(rows.map(({ id }) => id))]);
    const byId = new Map(found.map((version) => [version.id, version]));
    return new Map(
      rows.flatMap(({ name, id }) => {
        const version = byId.get(id);
        return version === undefined ? [] : [[name, version]];
      }),
    );
  }

  /** The versions of several models in one query, newest first in each. */
  async ofModels(
    workspaceId: string,
    modelIds: readonly string[],
    range: VersionRange,
  ): Promise<Map<string, ModelVersionEntity[]>> {
    const versions = await this.versions
      .createQueryBuilder('version')
      .where('version.workspaceId = :workspaceId', { workspaceId })
      .andWhere(
        `version.id IN (
          SELECT newest.id FROM unnest(CAST(:modelIds AS uuid[])) AS model(id)
          CROSS JOIN LATERAL (
            SELECT candidate.id FROM model_versions candidate
            WHERE candidate.model_id = model.id
              AND (CAST(:before AS integer) IS NULL OR candidate.version < :before)
              AND (CAST(:stage AS text) IS NULL OR candidate.stage = :stage)
            ORDER BY candidate.version DESC LIMIT :first
          ) newest
        )`,
        { modelIds: [...modelIds], before: range.before ?? null, stage: range.stage ?? null, first: range.first },
      )
      .orderBy('version.version', 'DESC')
      .getMany();
    return groupBy(versions, (version) => version.modelId);
  }

  /** The newest version of each stage that has one, of several models in one query. */
  async latestByStage(workspaceId: string, modelIds: readonly string[]): Promise<Map<string, ModelVersionEntity[]>> {
    const versions = await this.versions
      .createQueryBuilder('version')
      .distinctOn(['version.modelId', 'version.stage'])
      .where({ workspaceId, modelId: In([...modelIds]) })
      .orderBy('version.modelId')
      .addOrderBy('version.stage')
      .addOrderBy('version.version', 'DESC')
      .getMany();
    return groupBy(versions, (version) => version.modelId);
  }

  /** The newest version of a model that holds these bytes. */
  async newestWithDigest(workspaceId: string, modelId: string, digest: Digest): Promise<ModelVersionEntity | null> {
    return this.versions.findOne({ where: { workspaceId, modelId, digest }, order: { version: 'DESC' } });
  }
}

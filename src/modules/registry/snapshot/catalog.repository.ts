import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource, type EntityManager } from 'typeorm';
import { FeatureBindingEntity } from '../entities/feature-binding.entity.js';
import { ModelAliasEntity } from '../entities/model-alias.entity.js';
import { ModelServingEntity } from '../entities/model-serving.entity.js';
import { ModelVersionEntity } from '../entities/model-version.entity.js';
import { RegisteredModelEntity } from '../entities/registered-model.entity.js';
import type { FeatureBinding } from '../serving/feature-binding.js';
import type { Serving } from '../serving/serving-policy.js';
import { buildCatalog, type Catalog, type CatalogVersion } from './catalog.rules.js';

/** Reads all that serving needs of one workspace. */
@Injectable()
export class CatalogRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** As of one moment: an alias never points at a version that is not there yet. */
  async load(workspaceId: string): Promise<Catalog> {
    return this.dataSource.transaction('REPEATABLE READ', async (manager) => {
      const models = await manager.find(RegisteredModelEntity, {
        select: { id: true, name: true },
        where: { workspaceId },
      });
      const aliases = await manager.find(ModelAliasEntity, {
        select: { modelId: true, alias: true, version: true },
        where: { workspaceId },
      });
      const names = new Map(models.map(({ id, name }) => [id, name]));
      const servings = await this.servings(manager, workspaceId);
      const bindings = await this.bindings(manager, workspaceId);
      return buildCatalog(models, await this.versions(manager, workspaceId, names, servings, bindings), aliases);
    });
  }

  /** By id of the version, for those of which something was said. */
  private async servings(manager: EntityManager, workspaceId: string): Promise<Map<string, Serving>> {
    const servings = await manager.find(ModelServingEntity, {
      select: { versionId: true, residency: true, policy: true, revision: true },
      where: { workspaceId },
    });
    return new Map(
      servings.map(({ versionId, residency, policy, revision }) => [versionId, { residency, policy, revision }]),
    );
  }

  /** By id of the version, for those that are bound. */
  private async bindings(manager: EntityManager, workspaceId: string): Promise<Map<string, FeatureBinding>> {
    const bindings = await manager.find(FeatureBindingEntity, {
      select: {
        versionId: true,
        serviceVersionId: true,
        service: true,
        serviceVersion: true,
        tensors: true,
        missing: true,
        defaults: true,
      },
      where: { workspaceId },
    });
    return new Map(bindings.map((binding) => [binding.versionId, binding]));
  }

  private async versions(
    manager: EntityManager,
    workspaceId: string,
    names: ReadonlyMap<string, string>,
    servings: ReadonlyMap<string, Serving>,
    bindings: ReadonlyMap<string, FeatureBinding>,
  ): Promise<CatalogVersion[]> {
    const versions = await manager.find(ModelVersionEntity, {
      select: {
        id: true,
        modelId: true,
        version: true,
        digest: true,
        sizeBytes: true,
        stage: true,
        signature: true,
        batchable: true,
        metadata: true,
      },
      where: { workspaceId },
    });
    return versions.map(({ id, modelId, version, digest, sizeBytes, stage, signature, batchable, metadata }) => ({
      modelId,
      model: names.get(modelId) ?? '',
      version,
      versionId: id,
      digest,
      sizeBytes,
      signature,
      batchable,
      metadata,
      serving: servings.get(id) ?? null,
      featureBinding: bindings.get(id) ?? null,
      stage,
    }));
  }
}

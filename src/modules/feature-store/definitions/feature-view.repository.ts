import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, IsNull, Repository } from 'typeorm';
import type { TransformationState } from '../transformations/transformation-pipeline.js';
import { FeatureViewEntity } from './entities/feature-view.entity.js';
import { FeatureViewVersionEntity } from './entities/feature-view-version.entity.js';
import type { FeatureViewDefinition, FeatureViewVersion, SnapshotReference } from './feature-view.js';

/** A version of a view, and who made it. */
export interface FeatureViewRecord extends FeatureViewVersion {
  /** Of the view, whose versions share it. */
  readonly viewId: string;
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** A version to be added. */
export interface NewFeatureView {
  readonly workspaceId: string;
  readonly name: string;
  readonly definition: FeatureViewDefinition;
  readonly createdBy: string;
}

/** Versions of feature views, always within a workspace. */
@Injectable()
export class FeatureViewRepository {
  constructor(
    @InjectRepository(FeatureViewVersionEntity) private readonly versions: Repository<FeatureViewVersionEntity>,
  ) {}

  /** @param version the newest, unless given. @returns null where there is none, or where the view was deleted. */
  async find(
    workspaceId: string,
    name: string,
    version?: number,
    manager: EntityManager = this.versions.manager,
  ): Promise<FeatureViewRecord | null> {
    const found = await manager
      .createQueryBuilder(FeatureViewVersionEntity, 'version')
      .innerJoin(FeatureViewEntity, 'view', 'view.id = version.viewId AND view.deletedAt IS NULL')
      .where('view.workspaceId = :workspaceId AND view.name = :name', { workspaceId, name })
      .andWhere('version.version = COALESCE(:version, view.newestVersion)', { version: version ?? null })
      .getOne();
    return found && recordOf(found);
  }

  /** Also of a view that was deleted since. */
  async findVersion(
    workspaceId: string,
    versionId: string,
    manager: EntityManager = this.versions.manager,
  ): Promise<FeatureViewRecord | null> {
    return (await this.findVersions(workspaceId, [versionId], manager)).get(versionId) ?? null;
  }

  /** Those that there are, by their ids; also of views that were deleted since. */
  async findVersions(
    workspaceId: string,
    ids: readonly string[],
    manager: EntityManager = this.versions.manager,
  ): Promise<Map<string, FeatureViewRecord>> {
    if (ids.length === 0) return new Map();
    const found = await manager.findBy(FeatureViewVersionEntity, { workspaceId, id: In(ids) });
    return new Map(found.map((version) => [version.id, recordOf(version)]));
  }

  /**
   * Adds the next version, and the view where there is none of this name. Versions of a name are to be added one at a
   * time: see `lockDefinitions`.
   */
  async add(manager: EntityManager, { workspaceId, name, ...given }: NewFeatureView): Promise<FeatureViewRecord> {
    const before = await manager.findOneBy(FeatureViewEntity, { workspaceId, name, deletedAt: IsNull() });
    const view = before ?? { id: randomUUID(), workspaceId, name, newestVersion: 0, deletedAt: null };
    view.newestVersion += 1;
    await manager.save(FeatureViewEntity, view);
    const { source } = given.definition;
    const version = {
      id: randomUUID(),
      workspaceId,
      viewId: view.id,
      name,
      version: view.newestVersion,
      definition: given.definition,
      sourceId: source.kind === 'DATA_SOURCE' ? source.sourceId : null,
      viewVersionIds: readVersions(given.definition),
      state: null,
      learnedFrom: null,
      createdBy: given.createdBy,
      createdAt: new Date(),
    };
    await manager.insert(FeatureViewVersionEntity, version);
    return recordOf(version);
  }

  /**
   * Keeps what a version learned, unless it has learned already: what is used once is used for ever.
   * @returns whether it was kept; where not, the version has another state, or is not there.
   */
  async keepState(
    versionId: string,
    state: TransformationState,
    learnedFrom: SnapshotReference,
    manager: EntityManager = this.versions.manager,
  ): Promise<boolean> {
    const { affected } = await manager
      .createQueryBuilder()
      .update(FeatureViewVersionEntity)
      .set({ state: () => ':state', learnedFrom })
      .where('id = :versionId AND state IS NULL', { versionId, state: JSON.stringify(state) })
      .execute();
    return affected === 1;
  }
}

/** The versions of other views that a definition reads. */
function readVersions({ source }: FeatureViewDefinition): string[] {
  if (source.kind === 'FEATURE_VIEW') return [source.versionId];
  return source.kind === 'REQUEST' ? [...new Set(source.features.map(({ versionId }) => versionId))] : [];
}

const recordOf = (row: FeatureViewVersionEntity): FeatureViewRecord => ({
  ...row.definition,
  id: row.id,
  workspaceId: row.workspaceId,
  viewId: row.viewId,
  name: row.name,
  version: row.version,
  state: row.state,
  learnedFrom: row.learnedFrom,
  createdBy: row.createdBy,
  createdAt: row.createdAt,
});

import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { type EntityManager, In, IsNull, Repository } from 'typeorm';
import { type Page, pageOf } from '../../../common/graphql/page.js';
import type { TransformationState } from '../transformations/transformation-pipeline.js';
import type { DeclaredView } from './declared-definitions.js';
import { DEFINITION_NAME, nameOfCursor } from './definition-names.rules.js';
import { FeatureViewEntity } from './entities/feature-view.entity.js';
import { FeatureViewVersionEntity } from './entities/feature-view-version.entity.js';
import type { FeatureViewDefinition, FeatureViewVersion, SnapshotReference } from './feature-view.js';

/** A version of a view, and who made it. */
export interface FeatureViewRecord extends FeatureViewVersion {
  /** Of the view, whose versions share it. */
  readonly viewId: string;
  /** The versions of other views that it reads. */
  readonly viewVersionIds: readonly string[];
  readonly createdBy: string;
  readonly createdAt: Date;
}

/** A version without what it learned, which may be large. */
export type ListedFeatureView = Omit<FeatureViewRecord, 'state'>;

/** A version to be added. */
export interface NewFeatureView {
  readonly workspaceId: string;
  readonly name: string;
  readonly definition: FeatureViewDefinition;
  readonly createdBy: string;
}

/** How a version is joined to its view, where it is the newest of one that was not deleted. */
export const NEWEST = 'view.id = version.viewId AND view.newestVersion = version.version AND view.deletedAt IS NULL';

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
    const [id] = await idsOf(manager, workspaceId, [{ view: name, version: version ?? null }]);
    return id === null || id === undefined ? null : this.findVersion(workspaceId, id, manager);
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
    const found = await manager
      .createQueryBuilder(FeatureViewVersionEntity, 'version')
      .addSelect('version.state')
      .where('version.workspaceId = :workspaceId AND version.id = ANY(:ids)', { workspaceId, ids })
      .getMany();
    return new Map(found.map((row) => [row.id, { ...listedOf(row), state: row.state }]));
  }

  /** As `find`, of several at once, in their order. */
  async list(
    workspaceId: string,
    wanted: readonly DeclaredView[],
    manager: EntityManager = this.versions.manager,
  ): Promise<(ListedFeatureView | null)[]> {
    const ids = await idsOf(manager, workspaceId, wanted);
    const found = await this.listVersions(
      workspaceId,
      ids.filter((id) => id !== null),
      manager,
    );
    return ids.map((id) => (id === null ? null : (found.get(id) ?? null)));
  }

  /** As `findVersions`. */
  async listVersions(
    workspaceId: string,
    ids: readonly string[],
    manager: EntityManager = this.versions.manager,
  ): Promise<Map<string, ListedFeatureView>> {
    const found = await manager.findBy(FeatureViewVersionEntity, { workspaceId, id: In([...new Set(ids)]) });
    return new Map(found.map((row) => [row.id, listedOf(row)]));
  }

  /** Newest versions, by the names of the views. */
  async page(workspaceId: string, size: number, after: string | undefined): Promise<Page<ListedFeatureView>> {
    const query = this.versions
      .createQueryBuilder('version')
      .innerJoin(FeatureViewEntity, 'view', NEWEST)
      .where('view.workspaceId = :workspaceId', { workspaceId });
    if (after !== undefined) query.andWhere('view.name > :name', { name: nameOfCursor(after) });
    const rows = await query
      .orderBy('version.name')
      .limit(size + 1)
      .getMany();
    return pageOf(rows.map(listedOf), size, ({ name }) => [name]);
  }

  /** The names of all views. */
  async names(workspaceId: string, manager: EntityManager): Promise<string[]> {
    const views = await manager.findBy(FeatureViewEntity, { workspaceId, deletedAt: IsNull() });
    return views.map(({ name }) => name);
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
    return { ...listedOf(version), state: version.state };
  }

  /** Its versions are kept, for those who pinned them. */
  async delete(manager: EntityManager, viewId: string): Promise<void> {
    await manager.update(FeatureViewEntity, { id: viewId }, { deletedAt: new Date() });
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

/** The ids of versions, in their order; null for what is not there. */
async function idsOf(
  manager: EntityManager,
  workspaceId: string,
  wanted: readonly DeclaredView[],
): Promise<(string | null)[]> {
  const names = wanted.map(({ view }) => (DEFINITION_NAME.test(view) ? view : ''));
  const rows: readonly { id: string | null }[] = await manager.query(
    `SELECT version.id
     FROM unnest($2::text[], $3::integer[]) WITH ORDINALITY AS wanted(name, version, position)
     LEFT JOIN feature_views view ON view.workspace_id = $1 AND view.name = wanted.name AND view.deleted_at IS NULL
     LEFT JOIN feature_view_versions version
       ON version.view_id = view.id AND version.version = COALESCE(wanted.version, view.newest_version)
     ORDER BY wanted.position`,
    [workspaceId, names, wanted.map(({ version }) => version)],
  );
  return rows.map(({ id }) => id);
}

export const listedOf = (row: Omit<FeatureViewVersionEntity, 'state'>): ListedFeatureView => ({
  ...row.definition,
  id: row.id,
  workspaceId: row.workspaceId,
  viewId: row.viewId,
  viewVersionIds: row.viewVersionIds,
  name: row.name,
  version: row.version,
  learnedFrom: row.learnedFrom,
  createdBy: row.createdBy,
  createdAt: row.createdAt,
});

import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { LoaderKind, type LoaderScope, loadFrom, type ReadMany } from '../../../common/graphql/loaders.js';
import { DataSourceRepository } from '../sources/data-source.repository.js';
import type { DataSourceEntity } from '../sources/entities/data-source.entity.js';
import type { FeatureEntityEntity } from './entities/feature-entity.entity.js';
import type { FeatureServiceVersionEntity } from './entities/feature-service-version.entity.js';
import { FeatureEntityRepository } from './feature-entity.repository.js';
import { FeatureGraphRepository, type NameRange, type NumberRange } from './feature-graph.repository.js';
import { FeatureServiceRepository } from './feature-service.repository.js';
import { FeatureViewRepository, type ListedFeatureView } from './feature-view.repository.js';

/** Most rows that one field of a list may bring along. */
const MAX_ROWS = 10_000;

const sources = new LoaderKind<DataSourceEntity>();
const entities = new LoaderKind<FeatureEntityEntity>();
const views = new LoaderKind<ListedFeatureView>();
const services = new LoaderKind<FeatureServiceVersionEntity>();
const viewLists = new LoaderKind<ListedFeatureView[]>();
const serviceLists = new LoaderKind<FeatureServiceVersionEntity[]>();

/** How the views that belong to something are found; of each kind one query for an operation. */
export type RelatedViews = 'viewsReadingSources' | 'viewsReadingVersions' | 'viewsOfEntities';

/** What belongs to definitions, read for all rows of an operation at once. */
@Injectable()
export class FeatureLoaders {
  constructor(
    private readonly sourceRepository: DataSourceRepository,
    private readonly entityRepository: FeatureEntityRepository,
    private readonly viewRepository: FeatureViewRepository,
    private readonly serviceRepository: FeatureServiceRepository,
    private readonly graph: FeatureGraphRepository,
  ) {}

  /** Also one that was deleted since. */
  async sourceOf(scope: LoaderScope, { actor }: ActorContext, id: string): Promise<DataSourceEntity | null> {
    const readMany = (ids: readonly string[]) => this.sourceRepository.findByIds(actor.workspaceId, ids);
    return (await loadFrom(scope, sources, id, readMany)) ?? null;
  }

  /** Those that are there still, in the order of their names. */
  async entitiesOf(
    scope: LoaderScope,
    { actor }: ActorContext,
    names: readonly string[],
  ): Promise<FeatureEntityEntity[]> {
    const readMany = (all: readonly string[]) => this.entityRepository.findAll(actor.workspaceId, all);
    const found = await Promise.all(names.map((name) => loadFrom(scope, entities, name, readMany)));
    return found.filter((entity) => entity !== undefined);
  }

  /** Also of a view that was deleted since. */
  async viewOf(scope: LoaderScope, { actor }: ActorContext, versionId: string): Promise<ListedFeatureView> {
    const readMany = (ids: readonly string[]) => this.viewRepository.listVersions(actor.workspaceId, ids);
    const found = await loadFrom(scope, views, versionId, readMany);
    if (found === undefined) throw new Error(`Version ${versionId} of a feature view, which was pinned, is not there.`);
    return found;
  }

  /** Also of a service that was deleted since. */
  async serviceOf(
    scope: LoaderScope,
    { actor }: ActorContext,
    versionId: string,
  ): Promise<FeatureServiceVersionEntity> {
    const readMany = (ids: readonly string[]) => this.serviceRepository.findVersions(actor.workspaceId, ids);
    const found = await loadFrom(scope, services, versionId, readMany);
    if (found === undefined)
      throw new Error(`Version ${versionId} of a feature service, which was pinned, is not there.`);
    return found;
  }

  /** By name. @throws {CodedError} OPERATION_TOO_COMPLEX */
  async relatedViews(
    scope: LoaderScope,
    { actor }: ActorContext,
    relation: RelatedViews,
    key: string,
    range: NameRange,
  ): Promise<ListedFeatureView[]> {
    const readMany = bounded(range, (keys) => this.graph[relation](actor.workspaceId, keys, range));
    return (await loadFrom(scope, viewLists, key, readMany, `${relation} ${JSON.stringify(range)}`)) ?? [];
  }

  /** Newest first. @throws {CodedError} OPERATION_TOO_COMPLEX */
  async versionsOfView(scope: LoaderScope, { actor }: ActorContext, viewId: string, range: NumberRange) {
    const readMany = bounded(range, (ids) => this.graph.versionsOfViews(actor.workspaceId, ids, range));
    return (await loadFrom(scope, viewLists, viewId, readMany, `versions ${JSON.stringify(range)}`)) ?? [];
  }

  /** Newest first. @throws {CodedError} OPERATION_TOO_COMPLEX */
  async versionsOfService(scope: LoaderScope, { actor }: ActorContext, serviceId: string, range: NumberRange) {
    const readMany = bounded(range, (ids) => this.graph.versionsOfServices(actor.workspaceId, ids, range));
    return (await loadFrom(scope, serviceLists, serviceId, readMany, `versions ${JSON.stringify(range)}`)) ?? [];
  }

  /** By name. @throws {CodedError} OPERATION_TOO_COMPLEX */
  async servicesUsing(scope: LoaderScope, { actor }: ActorContext, versionId: string, range: NameRange) {
    const readMany = bounded(range, (ids) => this.graph.servicesUsingVersions(actor.workspaceId, ids, range));
    return (await loadFrom(scope, serviceLists, versionId, readMany, `using ${JSON.stringify(range)}`)) ?? [];
  }
}

/** Lists within lists multiply. */
const bounded =
  <Value>({ first }: { readonly first: number }, readMany: ReadMany<Value>): ReadMany<Value> =>
  async (keys) => {
    if (keys.length * first > MAX_ROWS) {
      const message = `This asks for up to ${first} rows for each of ${keys.length}; ask for at most ${MAX_ROWS} at once.`;
      throw new CodedError('OPERATION_TOO_COMPLEX', message);
    }
    return readMany(keys);
  };

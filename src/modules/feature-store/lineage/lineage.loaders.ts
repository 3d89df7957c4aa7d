import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../common/access/actor.js';
import { LoaderKind, type LoaderScope, loadFrom } from '../../../common/graphql/loaders.js';
import { ModelVersionType } from '../../registry/dto/model-version.type.js';
import { RegistryLoaders } from '../../registry/registry.loaders.js';
import { DataCollectionRepository } from '../ingestion/data-collection.repository.js';
import type { DataCollectionEntity } from '../ingestion/entities/data-collection.entity.js';
import type { HistoricalFeaturesJob } from '../offline/jobs/historical-features-job.js';
import { DataSnapshotRepository } from '../snapshots/data-snapshot.repository.js';
import type { DataSnapshotEntity } from '../snapshots/entities/data-snapshot.entity.js';
import { DependentModels } from './dependent-models.js';
import type { ModelOrigin } from './dependent-models.repository.js';
import { TrainingSetRepository } from './training-set.repository.js';

/** Model versions that are told with each thing that they stem from. */
const SHOWN = 20;

const trainingSets = new LoaderKind<HistoricalFeaturesJob[]>();
const models = new LoaderKind<readonly string[]>();
const snapshots = new LoaderKind<DataSnapshotEntity>();
const collections = new LoaderKind<DataCollectionEntity>();

/** The ways from models to their data and back, read for all rows of an operation at once. */
@Injectable()
export class LineageLoaders {
  constructor(
    private readonly registry: RegistryLoaders,
    private readonly sets: TrainingSetRepository,
    private readonly dependents: DependentModels,
    private readonly snapshotRows: DataSnapshotRepository,
    private readonly collectionRows: DataCollectionRepository,
  ) {}

  /** What a model version was trained on, newest first. */
  async trainingSetsOf(scope: LoaderScope, { actor }: ActorContext, versionId: string) {
    const readMany = (ids: readonly string[]) => this.sets.ofVersions(actor.workspaceId, ids);
    return (await loadFrom(scope, trainingSets, versionId, readMany)) ?? [];
  }

  /** The newest model versions that stem from something. */
  async modelsOf(
    scope: LoaderScope,
    context: ActorContext,
    origin: ModelOrigin,
    id: string,
  ): Promise<ModelVersionType[]> {
    const readMany = (ids: readonly string[]) => this.dependents.of(context, origin, ids, SHOWN);
    const ids = (await loadFrom(scope, models, id, readMany, origin)) ?? [];
    const found = await Promise.all(ids.map((versionId) => this.registry.versionOf(scope, context, versionId)));
    return found.flatMap((version) => (version === undefined ? [] : new ModelVersionType(version)));
  }

  /** Undefined where it is not kept any more. */
  async snapshotOf(scope: LoaderScope, { actor }: ActorContext, sourceId: string, version: number) {
    const readMany = (keys: readonly string[]) => this.snapshotRows.byKeys(actor.workspaceId, keys);
    return loadFrom(scope, snapshots, `${sourceId} ${version}`, readMany);
  }

  async collectionOf(scope: LoaderScope, { actor }: ActorContext, id: string) {
    const readMany = (ids: readonly string[]) => this.collectionRows.byIds(actor.workspaceId, ids);
    return loadFrom(scope, collections, id, readMany);
  }
}

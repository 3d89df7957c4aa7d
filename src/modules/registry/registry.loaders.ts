import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../common/access/actor.js';
import { CodedError } from '../../common/errors/coded-error.js';
import { LoaderKind, type LoaderScope, loadFrom } from '../../common/graphql/loaders.js';
import type { ModelAliasEntity } from './entities/model-alias.entity.js';
import type { ModelServingEntity } from './entities/model-serving.entity.js';
import type { ModelVersionEntity } from './entities/model-version.entity.js';
import { ModelAliasRepository } from './model-alias.repository.js';
import { ModelVersionRepository, type VersionRange } from './model-version.repository.js';
import { RegisteredModelRepository } from './registered-model.repository.js';
import { FeatureBindings, type KeptBinding } from './serving/feature-bindings.service.js';
import { ModelServingRepository } from './serving/model-serving.repository.js';

/** Most versions that one list of models may bring along. */
const MAX_ROWS = 10_000;

const names = new LoaderKind<string>();
const aliases = new LoaderKind<ModelAliasEntity[]>();
const latest = new LoaderKind<ModelVersionEntity[]>();
const servings = new LoaderKind<ModelServingEntity>();
const bindings = new LoaderKind<KeptBinding>();
const bound = new LoaderKind<ModelVersionEntity>();
const named = new LoaderKind<ModelVersionEntity>();
const versions = new LoaderKind<ModelVersionEntity[]>();

/** What belongs to models and versions, read for all rows of an operation at once. */
@Injectable()
export class RegistryLoaders {
  constructor(
    private readonly modelRepository: RegisteredModelRepository,
    private readonly versionRepository: ModelVersionRepository,
    private readonly aliasRepository: ModelAliasRepository,
    private readonly servingRepository: ModelServingRepository,
    private readonly featureBindings: FeatureBindings,
  ) {}

  async nameOf(scope: LoaderScope, { actor }: ActorContext, modelId: string): Promise<string> {
    const name = await loadFrom(scope, names, modelId, (ids) => this.modelRepository.names(actor.workspaceId, ids));
    return name ?? '';
  }

  /** By name. */
  async aliasesOf(scope: LoaderScope, { actor }: ActorContext, modelId: string): Promise<ModelAliasEntity[]> {
    const found = await loadFrom(scope, aliases, modelId, (ids) =>
      this.aliasRepository.ofModels(actor.workspaceId, ids),
    );
    return found ?? [];
  }

  /** How a version is to be served; null where nothing was said. */
  async servingOf(scope: LoaderScope, { actor }: ActorContext, versionId: string): Promise<ModelServingEntity | null> {
    const readMany = async (ids: readonly string[]) => {
      const found = await this.servingRepository.ofVersions(actor.workspaceId, ids);
      return new Map(found.map((serving) => [serving.versionId, serving]));
    };
    return (await loadFrom(scope, servings, versionId, readMany)) ?? null;
  }

  /** What a version is bound to; null where it is not. */
  async bindingOf(scope: LoaderScope, context: ActorContext, versionId: string): Promise<KeptBinding | null> {
    const readMany = (ids: readonly string[]) => this.featureBindings.ofVersions(context, ids);
    return (await loadFrom(scope, bindings, versionId, readMany)) ?? null;
  }

  /** A version by its id. */
  async versionOf(
    scope: LoaderScope,
    { actor }: ActorContext,
    versionId: string,
  ): Promise<ModelVersionEntity | undefined> {
    const readMany = async (ids: readonly string[]) => {
      const found = await this.versionRepository.byIds(actor.workspaceId, ids);
      return new Map(found.map((version) => [version.id, version]));
    };
    return loadFrom(scope, bound, versionId, readMany);
  }

  /** A version by its name. */
  async versionNamed(
    scope: LoaderScope,
    { actor }: ActorContext,
    model: string,
    version: number,
  ): Promise<ModelVersionEntity | undefined> {
    return loadFrom(scope, named, JSON.stringify([model, version]), (names) =>
      this.versionRepository.byNames(actor.workspaceId, names),
    );
  }

  /** The newest version of each stage that has one. */
  async latestOf(scope: LoaderScope, { actor }: ActorContext, modelId: string): Promise<ModelVersionEntity[]> {
    const found = await loadFrom(scope, latest, modelId, (ids) =>
      this.versionRepository.latestByStage(actor.workspaceId, ids),
    );
    return found ?? [];
  }

  /**
   * Newest first. One query for each different range that an operation asks for.
   * @throws {CodedError} OPERATION_TOO_COMPLEX when the models and the range multiply to too much.
   */
  async versionsOf(
    scope: LoaderScope,
    { actor }: ActorContext,
    modelId: string,
    range: VersionRange,
  ): Promise<ModelVersionEntity[]> {
    const variant = `${range.first} ${range.before} ${range.stage}`;
    const readMany = async (ids: readonly string[]) => {
      if (ids.length * range.first > MAX_ROWS) {
        const message = `This asks for up to ${range.first} versions of each of ${ids.length} models; ask for at most ${MAX_ROWS} at once.`;
        throw new CodedError('OPERATION_TOO_COMPLEX', message);
      }
      return this.versionRepository.ofModels(actor.workspaceId, ids, range);
    };
    return (await loadFrom(scope, versions, modelId, readMany, variant)) ?? [];
  }
}

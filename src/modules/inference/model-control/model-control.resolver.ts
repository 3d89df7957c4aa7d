import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { ModelVersionType } from '../../registry/dto/model-version.type.js';
import { ModelVersionService } from '../../registry/model-version.service.js';
import {
  LoadModelInput,
  LoadOnDemandInput,
  ModelRepositoryIndexArgs,
  UnloadModelInput,
} from './dto/model-control.inputs.js';
import { ModelRepositoryEntry } from './dto/model-repository-entry.type.js';
import { SetServingPolicyInput } from './dto/serving-policy.input.js';
import { ModelControlService } from './model-control.service.js';
import type { VersionState } from './model-state.rules.js';
import { policyOf } from './serving-policy.mapping.js';

@Resolver(() => ModelRepositoryEntry)
export class ModelControlResolver {
  constructor(
    private readonly control: ModelControlService,
    private readonly versions: ModelVersionService,
  ) {}

  @RequirePermission('model:read')
  @Query(() => [ModelRepositoryEntry], { description: 'How the versions of the workspace stand, by name and number.' })
  async modelRepositoryIndex(
    @Context() context: ActorContext,
    @Args() { model, ready }: ModelRepositoryIndexArgs,
  ): Promise<ModelRepositoryEntry[]> {
    return entries(await this.control.index(context, model ?? undefined, ready));
  }

  @RequirePermission('model:promote')
  @Mutation(() => ModelVersionType, { description: 'Says how a version is served, in place of what was said before.' })
  async setServingPolicy(
    @Context() context: ActorContext,
    @Args('input', { description: 'The version and how it is to be served.' }) input: SetServingPolicyInput,
  ): Promise<ModelVersionType> {
    await this.control.setPolicy(context, input, policyOf(input), input.warmUp ?? []);
    const version = await this.versions.find(context, input);
    if (version === null) throw new CodedError('MODEL_NOT_FOUND', 'The version was deleted meanwhile.');
    return new ModelVersionType(version);
  }

  @RequirePermission('model:promote')
  @Mutation(() => ModelRepositoryEntry, {
    description: 'Has a version loaded and kept so, and waits for it. Where it fails, executors go on trying.',
  })
  async loadModel(
    @Context() context: ActorContext,
    @Args('input', { description: 'The version.' }) input: LoadModelInput,
  ): Promise<ModelRepositoryEntry> {
    return new ModelRepositoryEntry(await this.control.load(context, input, input.timeoutMs));
  }

  @RequirePermission('model:promote')
  @Mutation(() => [ModelRepositoryEntry], {
    description:
      'Has versions refused and their memory given back once what is in flight is answered, and waits for it.',
  })
  async unloadModel(
    @Context() context: ActorContext,
    @Args('input', { description: 'The version, or the model.' }) input: UnloadModelInput,
  ): Promise<ModelRepositoryEntry[]> {
    return entries(await this.control.unload(context, input, input.timeoutMs));
  }

  @RequirePermission('model:promote')
  @Mutation(() => [ModelRepositoryEntry], {
    description: 'Takes back what loadModel or unloadModel said: versions are loaded when they are asked for.',
  })
  async loadModelOnDemand(
    @Context() context: ActorContext,
    @Args('input', { description: 'The version, or the model.' }) input: LoadOnDemandInput,
  ): Promise<ModelRepositoryEntry[]> {
    return entries(await this.control.loadOnDemand(context, input));
  }
}

const entries = (states: readonly VersionState[]) => states.map((state) => new ModelRepositoryEntry(state));

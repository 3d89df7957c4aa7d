import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../common/access/access.decorators.js';
import type { ActorContext } from '../../common/access/actor.js';
import { Loaders, type LoaderScope } from '../../common/graphql/loaders.js';
import { FeatureBindingType } from './dto/feature-binding.type.js';
import { metadataOf } from './dto/model-metadata.input.js';
import {
  CreateModelVersionInput,
  DeleteModelAliasInput,
  ModelVersionArgs,
  SetModelAliasInput,
  TransitionModelVersionInput,
} from './dto/model-version.input.js';
import { ModelVersionType } from './dto/model-version.type.js';
import { ModelResidency } from './dto/registry.enums.js';
import { ServingPolicyType } from './dto/serving-policy.type.js';
import { ModelVersionService } from './model-version.service.js';
import { RegistryLoaders } from './registry.loaders.js';
import { defaultServing, type Residency } from './serving/serving-policy.js';

@Resolver(() => ModelVersionType)
export class ModelVersionResolver {
  constructor(
    private readonly versions: ModelVersionService,
    private readonly loaders: RegistryLoaders,
  ) {}

  @RequirePermission('model:read')
  @Query(() => ModelVersionType, { nullable: true, description: 'One version of a model; null when there is none.' })
  async modelVersion(
    @Context() context: ActorContext,
    @Args() args: ModelVersionArgs,
  ): Promise<ModelVersionType | null> {
    const version = await this.versions.find(context, args);
    return version && new ModelVersionType(version);
  }

  @RequirePermission('model:write')
  @Mutation(() => ModelVersionType, {
    description:
      'Makes the next version of a model of an uploaded ONNX file, once the file has been inspected and loaded.',
  })
  async createModelVersion(
    @Context() context: ActorContext,
    @Args('input', { description: 'The version.' }) input: CreateModelVersionInput,
  ): Promise<ModelVersionType> {
    const { model, artifact, description, tags } = input;
    const version = { model, artifact, description, tags, metadata: metadataOf(input.metadata) };
    return new ModelVersionType(await this.versions.create(context, version));
  }

  @RequirePermission('model:promote')
  @Mutation(() => ModelVersionType, { description: 'Makes an alias of a version, or moves it here from another one.' })
  async setModelAlias(
    @Context() context: ActorContext,
    @Args('input', { description: 'The alias and its version.' }) input: SetModelAliasInput,
  ): Promise<ModelVersionType> {
    return new ModelVersionType(await this.versions.setAlias(context, input));
  }

  @RequirePermission('model:promote')
  @Mutation(() => Boolean, { description: 'Removes an alias; false when there was none of that name.' })
  async deleteModelAlias(
    @Context() context: ActorContext,
    @Args('input', { description: 'The alias.' }) input: DeleteModelAliasInput,
  ): Promise<boolean> {
    return this.versions.deleteAlias(context, input);
  }

  @RequirePermission('model:promote')
  @Mutation(() => ModelVersionType, { description: 'Brings a version to a stage.' })
  async transitionModelVersion(
    @Context() context: ActorContext,
    @Args('input', { description: 'The version and the stage.' }) input: TransitionModelVersionInput,
  ): Promise<ModelVersionType> {
    return new ModelVersionType(await this.versions.transition(context, input));
  }

  @RequirePermission('model:read')
  @ResolveField(() => String, { description: 'Name of the registered model.' })
  async model(
    @Parent() version: ModelVersionType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<string> {
    return this.loaders.nameOf(scope, context, version.modelId);
  }

  @RequirePermission('model:read')
  @ResolveField(() => [String], { description: 'Aliases that stand for this version, by name.' })
  async aliases(
    @Parent() version: ModelVersionType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<string[]> {
    const aliases = await this.loaders.aliasesOf(scope, context, version.modelId);
    return aliases.filter((alias) => alias.version === version.version).map(({ alias }) => alias);
  }

  @RequirePermission('model:read')
  @ResolveField(() => ServingPolicyType, { description: 'How the version is served.' })
  async servingPolicy(
    @Parent() version: ModelVersionType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<ServingPolicyType> {
    const { policy, warmUp } = (await this.loaders.servingOf(scope, context, version.id)) ?? noServing;
    return new ServingPolicyType(policy, warmUp);
  }

  @RequirePermission('model:read')
  @ResolveField(() => FeatureBindingType, {
    nullable: true,
    description: 'The feature service that the version is bound to; null where it is not.',
  })
  async featureBinding(
    @Parent() version: ModelVersionType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<FeatureBindingType | null> {
    const binding = await this.loaders.bindingOf(scope, context, version.id);
    return binding && new FeatureBindingType(binding);
  }

  @RequirePermission('model:read')
  @ResolveField(() => ModelResidency, { description: 'Whether executors are to have the version loaded.' })
  async residency(
    @Parent() version: ModelVersionType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<Residency> {
    const { residency } = (await this.loaders.servingOf(scope, context, version.id)) ?? noServing;
    return residency;
  }
}

const noServing = { ...defaultServing, warmUp: [] };

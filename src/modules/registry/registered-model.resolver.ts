import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../common/access/access.decorators.js';
import type { ActorContext } from '../../common/access/actor.js';
import { Loaders, type LoaderScope } from '../../common/graphql/loaders.js';
import { CreateRegisteredModelInput, RegisteredModelsArgs, VersionsArgs } from './dto/registered-model.input.js';
import { ModelAliasType, RegisteredModelConnection, RegisteredModelType } from './dto/registered-model.type.js';
import { ModelVersionType } from './dto/model-version.type.js';
import { listOptionsOf } from './dto/registered-model.mapping.js';
import { RegisteredModelService } from './registered-model.service.js';
import { RegistryLoaders } from './registry.loaders.js';

@Resolver(() => RegisteredModelType)
export class RegisteredModelResolver {
  constructor(
    private readonly models: RegisteredModelService,
    private readonly loaders: RegistryLoaders,
  ) {}

  @RequirePermission('model:read')
  @Query(() => RegisteredModelConnection, { description: 'The registered models of the workspace.' })
  async registeredModels(
    @Context() context: ActorContext,
    @Args() args: RegisteredModelsArgs,
  ): Promise<RegisteredModelConnection> {
    const { edges, pageInfo } = await this.models.list(context, listOptionsOf(args));
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new RegisteredModelType(node) })), pageInfo };
  }

  @RequirePermission('model:read')
  @Query(() => RegisteredModelType, { nullable: true, description: 'One registered model; null when there is none.' })
  async registeredModel(
    @Context() context: ActorContext,
    @Args('name', { type: () => String, description: 'Name of the registered model.' }) name: string,
  ): Promise<RegisteredModelType | null> {
    const model = await this.models.find(context, name);
    return model && new RegisteredModelType(model);
  }

  @RequirePermission('model:write')
  @Mutation(() => RegisteredModelType, { description: 'Registers a model, without versions yet.' })
  async createRegisteredModel(
    @Context() context: ActorContext,
    @Args('input', { description: 'The model.' }) input: CreateRegisteredModelInput,
  ): Promise<RegisteredModelType> {
    return new RegisteredModelType(await this.models.create(context, input));
  }

  @RequirePermission('model:read')
  @ResolveField(() => [ModelVersionType], { description: 'Versions, newest first.' })
  async versions(
    @Parent() model: RegisteredModelType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
    @Args() { first, before, stage }: VersionsArgs,
  ): Promise<ModelVersionType[]> {
    const range = { first, before: before ?? undefined, stage: stage ?? undefined };
    const versions = await this.loaders.versionsOf(scope, context, model.id, range);
    return versions.map((version) => new ModelVersionType(version));
  }

  @RequirePermission('model:read')
  @ResolveField(() => [ModelVersionType], { description: 'The newest version of each stage that has one.' })
  async latestVersions(
    @Parent() model: RegisteredModelType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<ModelVersionType[]> {
    const versions = await this.loaders.latestOf(scope, context, model.id);
    return versions.map((version) => new ModelVersionType(version));
  }

  @RequirePermission('model:read')
  @ResolveField(() => [ModelAliasType], { description: 'Aliases, by name.' })
  async aliases(
    @Parent() model: RegisteredModelType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<ModelAliasType[]> {
    return this.loaders.aliasesOf(scope, context, model.id);
  }
}

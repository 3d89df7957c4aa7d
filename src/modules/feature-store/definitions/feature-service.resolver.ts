import { Args, Int, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { Loaders, type LoaderScope } from '../../../common/graphql/loaders.js';
import { PageArgs } from '../../../common/graphql/page.js';
import { DefinitionVersionsArgs } from './dto/definition.args.js';
import {
  ApplyFeatureServiceInput,
  declaredServiceOf,
  DeleteFeatureServiceInput,
} from './dto/feature-service.inputs.js';
import { FeatureServiceConnection, FeatureServiceType } from './dto/feature-service.type.js';
import { FeatureServiceService } from './feature-service.service.js';
import { FeatureLoaders } from './feature.loaders.js';

@Resolver(() => FeatureServiceType)
export class FeatureServiceResolver {
  constructor(
    private readonly service: FeatureServiceService,
    private readonly loaders: FeatureLoaders,
  ) {}

  @RequirePermission('data:read')
  @Query(() => FeatureServiceConnection, {
    description: 'The feature services of the workspace in their newest versions, by name.',
  })
  async featureServices(
    @Context() context: ActorContext,
    @Args() { first, after }: PageArgs,
  ): Promise<FeatureServiceConnection> {
    const { edges, pageInfo } = await this.service.page(context, first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new FeatureServiceType(node) })), pageInfo };
  }

  @RequirePermission('data:read')
  @Query(() => FeatureServiceType, {
    nullable: true,
    description: 'A version of a feature service; null when there is none.',
  })
  async featureService(
    @Context() context: ActorContext,
    @Args('name', { type: () => String, description: 'Name of the service.' }) name: string,
    @Args('version', { type: () => Int, nullable: true, description: 'Number of the version. Default: the newest.' })
    version: number | null,
  ): Promise<FeatureServiceType | null> {
    const service = await this.service.find(context, name, version ?? undefined);
    return service && new FeatureServiceType(service);
  }

  @RequirePermission('data:manage')
  @Mutation(() => FeatureServiceType, {
    description:
      'Makes a feature service, or a new version of it where the newest one says something else. Older versions stay.',
  })
  async applyFeatureService(
    @Context() context: ActorContext,
    @Args('input', { description: 'The service as it shall be.' }) input: ApplyFeatureServiceInput,
  ): Promise<FeatureServiceType> {
    return new FeatureServiceType(await this.service.apply(context, declaredServiceOf(input)));
  }

  @RequirePermission('data:manage')
  @Mutation(() => FeatureServiceType, {
    description: 'Deletes a feature service, and answers its newest version. Who pinned a version still finds it.',
  })
  async deleteFeatureService(
    @Context() context: ActorContext,
    @Args('input', { description: 'The service.' }) { name }: DeleteFeatureServiceInput,
  ): Promise<FeatureServiceType> {
    return new FeatureServiceType(await this.service.delete(context, name));
  }

  @RequirePermission('data:read')
  @ResolveField(() => [FeatureServiceType], { description: 'The versions of the service, newest first.' })
  async versions(
    @Parent() { serviceId }: FeatureServiceType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
    @Args() { first, before }: DefinitionVersionsArgs,
  ): Promise<FeatureServiceType[]> {
    const range = { first, before: before ?? null };
    const versions = await this.loaders.versionsOfService(scope, context, serviceId, range);
    return versions.map((version) => new FeatureServiceType(version));
  }
}

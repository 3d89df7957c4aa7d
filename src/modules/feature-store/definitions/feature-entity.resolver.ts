import { Args, Mutation, Parent, Query, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { Loaders, type LoaderScope } from '../../../common/graphql/loaders.js';
import { PageArgs } from '../../../common/graphql/page.js';
import { RelatedArgs } from './dto/definition.args.js';
import {
  CreateFeatureEntityInput,
  declaredEntityOf,
  DeleteFeatureEntityInput,
  UpdateFeatureEntityInput,
} from './dto/feature-entity.inputs.js';
import { FeatureEntityConnection, FeatureEntityType } from './dto/feature-entity.type.js';
import { FeatureViewType } from './dto/feature-view.type.js';
import { FeatureEntityService } from './feature-entity.service.js';
import { FeatureLoaders } from './feature.loaders.js';

@Resolver(() => FeatureEntityType)
export class FeatureEntityResolver {
  constructor(
    private readonly service: FeatureEntityService,
    private readonly loaders: FeatureLoaders,
  ) {}

  @RequirePermission('data:read')
  @Query(() => FeatureEntityConnection, { description: 'The feature entities of the workspace, by name.' })
  async featureEntities(
    @Context() context: ActorContext,
    @Args() { first, after }: PageArgs,
  ): Promise<FeatureEntityConnection> {
    const { edges, pageInfo } = await this.service.page(context, first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new FeatureEntityType(node) })), pageInfo };
  }

  @RequirePermission('data:read')
  @Query(() => FeatureEntityType, { nullable: true, description: 'A feature entity; null when there is none.' })
  async featureEntity(
    @Context() context: ActorContext,
    @Args('name', { type: () => String, description: 'Name of the entity.' }) name: string,
  ): Promise<FeatureEntityType | null> {
    const entity = await this.service.find(context, name);
    return entity && new FeatureEntityType(entity);
  }

  @RequirePermission('data:manage')
  @Mutation(() => FeatureEntityType, { description: 'Creates a feature entity.' })
  async createFeatureEntity(
    @Context() context: ActorContext,
    @Args('input', { description: 'The entity.' }) input: CreateFeatureEntityInput,
  ): Promise<FeatureEntityType> {
    return new FeatureEntityType(await this.service.create(context, declaredEntityOf(input)));
  }

  @RequirePermission('data:manage')
  @Mutation(() => FeatureEntityType, { description: 'Describes a feature entity anew. Its keys never change.' })
  async updateFeatureEntity(
    @Context() context: ActorContext,
    @Args('input', { description: 'The description.' }) { name, description }: UpdateFeatureEntityInput,
  ): Promise<FeatureEntityType> {
    return new FeatureEntityType(await this.service.describe(context, name, description));
  }

  @RequirePermission('data:manage')
  @Mutation(() => FeatureEntityType, {
    description: 'Deletes a feature entity that no view tells of, and answers what it was.',
  })
  async deleteFeatureEntity(
    @Context() context: ActorContext,
    @Args('input', { description: 'The entity.' }) { name }: DeleteFeatureEntityInput,
  ): Promise<FeatureEntityType> {
    return new FeatureEntityType(await this.service.delete(context, name));
  }

  @RequirePermission('data:read')
  @ResolveField(() => [FeatureViewType], { description: 'Views whose newest version tells of it, by name.' })
  async featureViews(
    @Parent() { name }: FeatureEntityType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
    @Args() { first, after }: RelatedArgs,
  ): Promise<FeatureViewType[]> {
    const range = { first, after: after ?? null };
    const views = await this.loaders.relatedViews(scope, context, 'viewsOfEntities', name, range);
    return views.map((view) => new FeatureViewType(view));
  }
}

import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { Loaders, type LoaderScope } from '../../../common/graphql/loaders.js';
import { DataSourceType } from '../sources/dto/data-source.type.js';
import type { TypedColumn } from '../value-types.js';
import { DefinitionVersionsArgs, RelatedArgs } from './dto/definition.args.js';
import { FeatureEntityType } from './dto/feature-entity.type.js';
import { FeatureServiceType } from './dto/feature-service.type.js';
import { FeatureViewType } from './dto/feature-view.type.js';
import { FeatureLoaders } from './feature.loaders.js';

/** What a view stands on, and what stands on it. */
@Resolver(() => FeatureViewType)
export class FeatureViewGraphResolver {
  constructor(private readonly loaders: FeatureLoaders) {}

  @RequirePermission('data:read')
  @ResolveField(() => DataSourceType, { nullable: true, description: 'The data source that it reads, if it does.' })
  async dataSource(
    @Parent() { source }: FeatureViewType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<DataSourceType | null> {
    if (source.kind !== 'DATA_SOURCE') return null;
    const found = await this.loaders.sourceOf(scope, context, source.sourceId);
    return found && new DataSourceType(found);
  }

  @RequirePermission('data:read')
  @ResolveField(() => FeatureViewType, {
    nullable: true,
    description: 'The version of another view whose rows it reads, if it does.',
  })
  async upstream(
    @Parent() { source }: FeatureViewType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<FeatureViewType | null> {
    if (source.kind !== 'FEATURE_VIEW') return null;
    return new FeatureViewType(await this.loaders.viewOf(scope, context, source.versionId));
  }

  @RequirePermission('data:read')
  @ResolveField(() => [FeatureEntityType], {
    description: 'The entities that its rows tell of; without those that were deleted since.',
  })
  async entities(
    @Parent() { entityNames, joinKeys }: FeatureViewType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<FeatureEntityType[]> {
    const entities = await this.loaders.entitiesOf(scope, context, entityNames);
    // A name that was free again may stand for another entity by now.
    const isKnown = (key: TypedColumn) => joinKeys.some(({ name, type }) => name === key.name && type === key.type);
    const known = entities.filter((entity) => entity.joinKeys.every(isKnown));
    return known.map((entity) => new FeatureEntityType(entity));
  }

  @RequirePermission('data:read')
  @ResolveField(() => [FeatureViewType], { description: 'The versions of the view, newest first.' })
  async versions(
    @Parent() { viewId }: FeatureViewType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
    @Args() { first, before }: DefinitionVersionsArgs,
  ): Promise<FeatureViewType[]> {
    const range = { first, before: before ?? null };
    const versions = await this.loaders.versionsOfView(scope, context, viewId, range);
    return versions.map((version) => new FeatureViewType(version));
  }

  @RequirePermission('data:read')
  @ResolveField(() => [FeatureViewType], { description: 'Views whose newest version reads this version, by name.' })
  async downstream(
    @Parent() { id }: FeatureViewType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
    @Args() { first, after }: RelatedArgs,
  ): Promise<FeatureViewType[]> {
    const range = { first, after: after ?? null };
    const views = await this.loaders.relatedViews(scope, context, 'viewsReadingVersions', id, range);
    return views.map((view) => new FeatureViewType(view));
  }

  @RequirePermission('data:read')
  @ResolveField(() => [FeatureServiceType], {
    description: 'Services whose newest version has features of this version, by name.',
  })
  async services(
    @Parent() { id }: FeatureViewType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
    @Args() { first, after }: RelatedArgs,
  ): Promise<FeatureServiceType[]> {
    const services = await this.loaders.servicesUsing(scope, context, id, { first, after: after ?? null });
    return services.map((service) => new FeatureServiceType(service));
  }
}

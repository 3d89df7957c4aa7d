import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { Loaders, type LoaderScope } from '../../../common/graphql/loaders.js';
import { DataSourceType } from '../sources/dto/data-source.type.js';
import { RelatedArgs } from './dto/definition.args.js';
import { ServiceFeatureType } from './dto/feature-service.type.js';
import { FeatureLookupType, FeatureViewType } from './dto/feature-view.type.js';
import { FeatureLoaders } from './feature.loaders.js';

@Resolver(() => ServiceFeatureType)
export class ServiceFeatureResolver {
  constructor(private readonly loaders: FeatureLoaders) {}

  @RequirePermission('data:read')
  @ResolveField(() => FeatureViewType, { description: 'The version of the view that it comes from.' })
  async view(
    @Parent() { viewVersionId }: ServiceFeatureType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<FeatureViewType> {
    return new FeatureViewType(await this.loaders.viewOf(scope, context, viewVersionId));
  }
}

@Resolver(() => FeatureLookupType)
export class FeatureLookupResolver {
  constructor(private readonly loaders: FeatureLoaders) {}

  @RequirePermission('data:read')
  @ResolveField(() => FeatureViewType, { description: 'The version of the view that they come from.' })
  async view(
    @Parent() { versionId }: FeatureLookupType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<FeatureViewType> {
    return new FeatureViewType(await this.loaders.viewOf(scope, context, versionId));
  }
}

@Resolver(() => DataSourceType)
export class DataSourceViewsResolver {
  constructor(private readonly loaders: FeatureLoaders) {}

  @RequirePermission('data:read')
  @ResolveField(() => [FeatureViewType], { description: 'Feature views whose newest version reads it, by name.' })
  async featureViews(
    @Parent() { id }: DataSourceType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
    @Args() { first, after }: RelatedArgs,
  ): Promise<FeatureViewType[]> {
    const range = { first, after: after ?? null };
    const views = await this.loaders.relatedViews(scope, context, 'viewsReadingSources', id, range);
    return views.map((view) => new FeatureViewType(view));
  }
}

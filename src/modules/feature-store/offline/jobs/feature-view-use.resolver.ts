import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../../common/access/actor.js';
import { Loaders, type LoaderScope } from '../../../../common/graphql/loaders.js';
import { FeatureViewType } from '../../definitions/dto/feature-view.type.js';
import { HistoricalFeaturesJobType } from './dto/historical-features-job.type.js';
import { HistoricalFeaturesLoaders } from './historical-features.loaders.js';

@Resolver(() => FeatureViewType)
export class FeatureViewUseResolver {
  constructor(private readonly loaders: HistoricalFeaturesLoaders) {}

  @RequirePermission('data:read')
  @ResolveField(() => [HistoricalFeaturesJobType], {
    description:
      'The newest 20 training sets that have features of this version, newest first. `historicalFeaturesJobs` lists all.',
  })
  async historicalFeatures(
    @Parent() { id }: FeatureViewType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<HistoricalFeaturesJobType[]> {
    return this.loaders.madeOf(scope, context, 'FEATURE_VIEW', id);
  }
}

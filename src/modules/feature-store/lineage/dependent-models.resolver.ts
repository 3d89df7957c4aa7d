import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { Loaders, type LoaderScope } from '../../../common/graphql/loaders.js';
import { ModelVersionType } from '../../registry/dto/model-version.type.js';
import { FeatureViewType } from '../definitions/dto/feature-view.type.js';
import { HistoricalFeaturesJobType } from '../offline/jobs/dto/historical-features-job.type.js';
import { DataSnapshotType } from '../snapshots/dto/data-snapshot.type.js';
import { DataSourceType } from '../sources/dto/data-source.type.js';
import { LineageLoaders } from './lineage.loaders.js';

/** From a training set to the models that it trained. */
@Resolver(() => HistoricalFeaturesJobType)
export class TrainedModelsResolver {
  constructor(private readonly loaders: LineageLoaders) {}

  @RequirePermission('model:read')
  @ResolveField(() => [ModelVersionType], {
    description: 'The newest 20 model versions that name it as what they were trained on.',
  })
  async modelVersions(
    @Parent() { id }: HistoricalFeaturesJobType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<ModelVersionType[]> {
    return this.loaders.modelsOf(scope, context, 'TRAINING_SET', id);
  }
}

/** From a snapshot to its models. */
@Resolver(() => DataSnapshotType)
export class SnapshotModelsResolver {
  constructor(private readonly loaders: LineageLoaders) {}

  @RequirePermission('model:read')
  @ResolveField(() => [ModelVersionType], {
    description:
      'The newest 20 model versions that were trained on training sets of it, or are bound to features whose transformation ' +
      'learned from it.',
  })
  async modelVersions(
    @Parent() { id }: DataSnapshotType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<ModelVersionType[]> {
    return this.loaders.modelsOf(scope, context, 'SNAPSHOT', id);
  }
}

/** From a data source to its models. */
@Resolver(() => DataSourceType)
export class SourceModelsResolver {
  constructor(private readonly loaders: LineageLoaders) {}

  @RequirePermission('model:read')
  @ResolveField(() => [ModelVersionType], {
    description:
      'The newest 20 model versions that were trained on training sets of its rows, or are bound to features that are made ' +
      'of them.',
  })
  async modelVersions(
    @Parent() { id }: DataSourceType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<ModelVersionType[]> {
    return this.loaders.modelsOf(scope, context, 'DATA_SOURCE', id);
  }
}

/** From a version of a feature view to its models. */
@Resolver(() => FeatureViewType)
export class ViewModelsResolver {
  constructor(private readonly loaders: LineageLoaders) {}

  @RequirePermission('model:read')
  @ResolveField(() => [ModelVersionType], {
    description:
      'The newest 20 model versions that were trained on features of this version, or are bound to a service with such, ' +
      'also through views that read it.',
  })
  async modelVersions(
    @Parent() { id }: FeatureViewType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<ModelVersionType[]> {
    return this.loaders.modelsOf(scope, context, 'FEATURE_VIEW', id);
  }
}

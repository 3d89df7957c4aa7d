import { Args, Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { LoaderKind, Loaders, type LoaderScope, loadFrom } from '../../../common/graphql/loaders.js';
import { FeatureBindingType } from '../../registry/dto/feature-binding.type.js';
import { FeatureBindings, type KeptBinding } from '../../registry/serving/feature-bindings.service.js';
import { FeatureServiceType } from '../definitions/dto/feature-service.type.js';
import { FeatureViewType } from '../definitions/dto/feature-view.type.js';
import { FeatureLoaders } from '../definitions/feature.loaders.js';
import { BindingsArgs } from './dto/feature-binding.inputs.js';
import { UsedFeaturesType, UsedFeatureType } from './dto/used-features.type.js';

/** From a prediction to the service that it used. */
@Resolver(() => UsedFeaturesType)
export class UsedFeaturesGraphResolver {
  constructor(private readonly loaders: FeatureLoaders) {}

  @RequirePermission('data:read')
  @ResolveField(() => FeatureServiceType, { description: 'The version of the feature service.' })
  async featureService(
    @Parent() { serviceVersionId }: UsedFeaturesType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<FeatureServiceType> {
    return new FeatureServiceType(await this.loaders.serviceOf(scope, context, serviceVersionId));
  }
}

/** From a feature that was used to its view, whose data source and snapshots are told there. */
@Resolver(() => UsedFeatureType)
export class UsedFeatureGraphResolver {
  constructor(private readonly loaders: FeatureLoaders) {}

  @RequirePermission('data:read')
  @ResolveField(() => FeatureViewType, { description: 'The version of its view.' })
  async featureView(
    @Parent() { viewVersionId }: UsedFeatureType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<FeatureViewType> {
    return new FeatureViewType(await this.loaders.viewOf(scope, context, viewVersionId));
  }
}

/** From a model version to the service that fills its inputs. */
@Resolver(() => FeatureBindingType)
export class BoundServiceResolver {
  constructor(private readonly loaders: FeatureLoaders) {}

  @RequirePermission('data:read')
  @ResolveField(() => FeatureServiceType, { description: 'The version of the feature service.' })
  async featureService(
    @Parent() { serviceVersionId }: FeatureBindingType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<FeatureServiceType> {
    return new FeatureServiceType(await this.loaders.serviceOf(scope, context, serviceVersionId));
  }
}

const bindings = new LoaderKind<KeptBinding[]>();

/** From a service to the model versions that it fills. */
@Resolver(() => FeatureServiceType)
export class ServiceBindingsResolver {
  constructor(private readonly bindings: FeatureBindings) {}

  @RequirePermission('model:read')
  @ResolveField(() => [FeatureBindingType], {
    description: 'Model versions that are bound to any version of a service of this name, the newest binding first.',
  })
  async modelBindings(
    @Parent() { name }: FeatureServiceType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
    @Args() { first }: BindingsArgs,
  ): Promise<FeatureBindingType[]> {
    const readMany = (names: readonly string[]) => this.bindings.ofServices(context, names, first);
    const found = await loadFrom(scope, bindings, name, readMany, String(first));
    return (found ?? []).map((binding) => new FeatureBindingType(binding));
  }
}

import { Parent, ResolveField, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../common/access/access.decorators.js';
import type { ActorContext } from '../../common/access/actor.js';
import { Loaders, type LoaderScope } from '../../common/graphql/loaders.js';
import { FeatureBindingType } from './dto/feature-binding.type.js';
import { ModelVersionType } from './dto/model-version.type.js';
import { RegistryLoaders } from './registry.loaders.js';

@Resolver(() => FeatureBindingType)
export class FeatureBindingResolver {
  constructor(private readonly loaders: RegistryLoaders) {}

  @RequirePermission('model:read')
  @ResolveField(() => ModelVersionType, { nullable: true, description: 'The model version that is bound.' })
  async modelVersion(
    @Parent() binding: FeatureBindingType,
    @Context() context: ActorContext,
    @Loaders() scope: LoaderScope,
  ): Promise<ModelVersionType | null> {
    const version = await this.loaders.versionOf(scope, context, binding.versionId);
    return version === undefined ? null : new ModelVersionType(version);
  }
}

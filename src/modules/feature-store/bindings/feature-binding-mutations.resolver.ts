import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import { ModelVersionType } from '../../registry/dto/model-version.type.js';
import { ModelVersionService, type VersionName } from '../../registry/model-version.service.js';
import { bindingOf, BindFeatureServiceInput, UnbindFeatureServiceInput } from './dto/feature-binding.inputs.js';
import { FeatureBindingService } from './feature-binding.service.js';

@Resolver(() => ModelVersionType)
export class FeatureBindingMutations {
  constructor(
    private readonly bindings: FeatureBindingService,
    private readonly versions: ModelVersionService,
  ) {}

  @RequirePermission('model:write')
  @Mutation(() => ModelVersionType, {
    description:
      'Binds a model version to a feature service, in place of what it was bound to: predictions by entity get its inputs ' +
      'from there.',
  })
  async bindFeatureService(
    @Context() context: ActorContext,
    @Args('input', { description: 'The version, the service, and how they fit together.' })
    input: BindFeatureServiceInput,
  ): Promise<ModelVersionType> {
    await this.bindings.bind(context, bindingOf(input));
    return this.versionOf(context, input);
  }

  @RequirePermission('model:write')
  @Mutation(() => ModelVersionType, { description: 'Unbinds a model version: it is asked by tensors or records only.' })
  async unbindFeatureService(
    @Context() context: ActorContext,
    @Args('input', { description: 'The version.' }) input: UnbindFeatureServiceInput,
  ): Promise<ModelVersionType> {
    await this.bindings.unbind(context, input);
    return this.versionOf(context, input);
  }

  private async versionOf(context: ActorContext, name: VersionName): Promise<ModelVersionType> {
    const version = await this.versions.find(context, name);
    if (version === null) throw new CodedError('MODEL_NOT_FOUND', 'The version was deleted meanwhile.');
    return new ModelVersionType(version);
  }
}

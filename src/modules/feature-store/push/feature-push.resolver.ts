import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { FeaturePushType, PushFeaturesInput } from './dto/feature-push.type.js';
import { FeaturePushService } from './feature-push.service.js';

@Resolver(() => FeaturePushType)
export class FeaturePushResolver {
  constructor(private readonly service: FeaturePushService) {}

  @RequirePermission('data:collect')
  @Mutation(() => FeaturePushType, {
    description:
      'Takes new rows of the source of a feature view: online they are transformed as the engine would, with what is known ' +
      'of their entities; offline they are checked and added to the source. To push rows again does no harm.',
  })
  async pushFeatures(
    @Context() context: ActorContext,
    @Args('input', { description: 'The view and the rows.' }) { view, version, rows, to }: PushFeaturesInput,
  ): Promise<FeaturePushType> {
    return new FeaturePushType(await this.service.push(context, { view, version: version ?? undefined, rows, to }));
  }
}

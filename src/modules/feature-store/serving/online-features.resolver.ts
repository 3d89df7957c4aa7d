import { Args, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { OnlineFeaturesInput } from './dto/online-features.input.js';
import { OnlineFeaturesType } from './dto/online-features.type.js';
import { selectionOf } from './feature-selection.rules.js';
import { OnlineFeatures } from './online-features.js';

@Resolver(() => OnlineFeaturesType)
export class OnlineFeaturesResolver {
  constructor(private readonly features: OnlineFeatures) {}

  @RequirePermission('data:read')
  @Query(() => OnlineFeaturesType, { description: 'Features of entities, as they are known now.' })
  async onlineFeatures(
    @Context() { actor }: ActorContext,
    @Args('input', { description: 'The features and the entities.' }) input: OnlineFeaturesInput,
  ): Promise<OnlineFeaturesType> {
    const { entities, request } = input;
    const answer = await this.features.read(actor.workspaceId, {
      selection: selectionOf(input),
      entities,
      request: request ?? undefined,
    });
    return new OnlineFeaturesType(answer);
  }
}

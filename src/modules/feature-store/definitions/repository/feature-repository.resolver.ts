import { Args, Mutation, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../../common/access/actor.js';
import { ApplyFeatureRepositoryInput, FeatureRepositoryPlanType } from '../dto/feature-repository.dto.js';
import { FeatureRepositoryService } from './feature-repository.service.js';

@Resolver()
export class FeatureRepositoryResolver {
  constructor(private readonly service: FeatureRepositoryService) {}

  @RequirePermission('data:manage')
  @Mutation(() => FeatureRepositoryPlanType, {
    description: 'Applies a file of definitions, as a whole or not at all; or tells what that would do.',
  })
  async applyFeatureRepository(
    @Context() context: ActorContext,
    @Args('input', { description: 'The file.' }) { yaml, dryRun, prune }: ApplyFeatureRepositoryInput,
  ): Promise<FeatureRepositoryPlanType> {
    const options = { dryRun: dryRun ?? false, prune: prune ?? false };
    return { isApplied: !options.dryRun, changes: await this.service.apply(context, yaml, options) };
  }
}

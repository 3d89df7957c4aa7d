import { Args, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { DeploymentComparisonType } from '../dto/comparison.type.js';
import { ComparisonService } from './comparison.service.js';

@Resolver(() => DeploymentComparisonType)
export class ComparisonResolver {
  constructor(private readonly comparisons: ComparisonService) {}

  @RequirePermission('deployment:read')
  @Query(() => DeploymentComparisonType, {
    description: 'Compares the variants of a deployment with its champion, by the feedback on their predictions.',
  })
  async deploymentComparison(
    @Context() context: ActorContext,
    @Args('deployment', { type: () => String, description: 'Name of the deployment.' }) deployment: string,
    @Args('since', {
      type: () => Date,
      nullable: true,
      description: 'From when on predictions count. Default: since the live revision began.',
    })
    since: Date | null,
  ): Promise<DeploymentComparisonType> {
    return new DeploymentComparisonType(await this.comparisons.compare(context, deployment, since ?? undefined));
  }
}

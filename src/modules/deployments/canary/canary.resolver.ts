import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import {
  CanariesArgs,
  CanaryConnection,
  CanaryType,
  CancelCanaryInput,
  planOf,
  StartCanaryInput,
} from '../dto/canary.dto.js';
import { CanaryService } from './canary.service.js';

@Resolver(() => CanaryType)
export class CanaryResolver {
  constructor(private readonly service: CanaryService) {}

  @RequirePermission('deployment:read')
  @Query(() => CanaryConnection, { description: 'Canaries of a deployment, newest first.' })
  async canaries(
    @Context() context: ActorContext,
    @Args() { deployment, first, after }: CanariesArgs,
  ): Promise<CanaryConnection> {
    const { edges, pageInfo } = await this.service.page(context, deployment, first, after);
    return { edges: edges.map(({ cursor, node }) => ({ cursor, node: new CanaryType(node) })), pageInfo };
  }

  @RequirePermission('deployment:manage')
  @Mutation(() => CanaryType, {
    description:
      'Begins to bring a model version into a deployment. It goes on by itself, step by step, and back when a gate fails.',
  })
  async startCanary(
    @Context() context: ActorContext,
    @Args('input', { description: 'The version, its steps and gates.' }) input: StartCanaryInput,
  ): Promise<CanaryType> {
    return new CanaryType(await this.service.start(context, input.deployment, planOf(input)));
  }

  @RequirePermission('deployment:manage')
  @Mutation(() => CanaryType, { description: 'Takes a canary back: the deployment is as it was before.' })
  async cancelCanary(
    @Context() context: ActorContext,
    @Args('input', { description: 'The deployment.' }) { deployment }: CancelCanaryInput,
  ): Promise<CanaryType> {
    return new CanaryType(await this.service.cancel(context, deployment));
  }
}

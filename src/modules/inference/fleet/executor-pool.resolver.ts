import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { ExecutorPool } from './dto/executor-pool.type.js';
import { ScaleExecutorPoolInput } from './dto/scale-executor-pool.input.js';
import { ExecutorPoolsService } from './executor-pools.service.js';

@Resolver(() => ExecutorPool)
export class ExecutorPoolResolver {
  constructor(private readonly pools: ExecutorPoolsService) {}

  @RequirePermission('executor:read')
  @Query(() => [ExecutorPool], { description: 'The pools of executors, by name.' })
  async executorPools(): Promise<ExecutorPool[]> {
    return this.pools.list();
  }

  @RequirePermission('executor:manage')
  @Mutation(() => ExecutorPool, {
    description: 'Changes the number of executors of a pool while it works. Requests that are in flight finish.',
  })
  async scaleExecutorPool(
    @Context() context: ActorContext,
    @Args('input', { description: 'The pool and its size.' }) input: ScaleExecutorPoolInput,
  ): Promise<ExecutorPool> {
    return this.pools.scale(context, input.pool, input.replicas);
  }
}

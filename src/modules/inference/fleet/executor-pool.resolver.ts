import { Args, Mutation, Query, Resolver } from '@nestjs/graphql';
import { Context, RequirePermission } from '../../../common/access/access.decorators.js';
import type { ActorContext } from '../../../common/access/actor.js';
import { AutoscaleExecutorPoolInput } from './dto/autoscale-executor-pool.input.js';
import { ConfigureExecutorPoolInput } from './dto/configure-executor-pool.input.js';
import { ExecutorPool } from './dto/executor-pool.type.js';
import { ScaleExecutorPoolInput } from './dto/scale-executor-pool.input.js';
import { ExecutorPoolsService } from './executor-pools.service.js';

@Resolver(() => ExecutorPool)
export class ExecutorPoolResolver {
  constructor(private readonly pools: ExecutorPoolsService) {}

  @RequirePermission('executor:read')
  @Query(() => [ExecutorPool], { description: 'The pools of executors, by name.' })
  async executorPools(): Promise<ExecutorPool[]> {
    return (await this.pools.list()).map((report) => new ExecutorPool(report));
  }

  @RequirePermission('executor:manage')
  @Mutation(() => ExecutorPool, {
    description: 'Changes the number of executors of a pool while it works. Requests that are in flight finish.',
  })
  async scaleExecutorPool(
    @Context() context: ActorContext,
    @Args('input', { description: 'The pool and its size.' }) input: ScaleExecutorPoolInput,
  ): Promise<ExecutorPool> {
    return new ExecutorPool(await this.pools.scale(context, input.pool, input.replicas));
  }

  @RequirePermission('executor:manage')
  @Mutation(() => ExecutorPool, {
    description: 'Has a pool scale itself by the time that requests wait, or ends that. Requests in flight finish.',
  })
  async autoscaleExecutorPool(
    @Context() context: ActorContext,
    @Args('input', { description: 'The pool and its policy.' }) input: AutoscaleExecutorPoolInput,
  ): Promise<ExecutorPool> {
    const { pool, policy } = input;
    if (!policy) return new ExecutorPool(await this.pools.autoscale(context, pool, null));
    const { minReplicas, maxReplicas, targetQueueMs, scaleDownDelaySeconds } = policy;
    const scaleDownDelayMs = scaleDownDelaySeconds * 1_000;
    const given = { minReplicas, maxReplicas, targetQueueMs, scaleDownDelayMs };
    return new ExecutorPool(await this.pools.autoscale(context, pool, given));
  }

  @RequirePermission('executor:manage')
  @Mutation(() => ExecutorPool, {
    description: 'Changes what each executor of a pool is given. They are replaced one by one; no request is lost.',
  })
  async configureExecutorPool(
    @Context() context: ActorContext,
    @Args('input', { description: 'The pool and what to change.' }) input: ConfigureExecutorPoolInput,
  ): Promise<ExecutorPool> {
    const { pool, environment, ...rest } = input;
    const variables = environment && Object.fromEntries(environment.map(({ name, value }) => [name, value]));
    return new ExecutorPool(await this.pools.configure(context, pool, { ...rest, environment: variables }));
  }
}

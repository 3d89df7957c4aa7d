import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { READINESS_PATH } from '../../../../common/observability/health.js';
import type { ExecutorHostState } from '../../protocol/executor-state.js';
import type { AutoscalingPolicy } from '../autoscaling/autoscaling.rules.js';
import type { PoolHealth } from '../pool-health.rules.js';
import type { PoolResources } from '../pool-resources.rules.js';
import type { PoolReport } from '../pool-report.js';

/** Healths of a pool as a GraphQL enum. */
export const PoolHealthEnum = {
  HEALTHY: 'HEALTHY',
  UNHEALTHY: 'UNHEALTHY',
  STOPPED: 'STOPPED',
} as const satisfies { readonly [Name in PoolHealth]: Name };

registerEnumType(PoolHealthEnum, {
  name: 'ExecutorPoolHealth',
  description: 'How a pool of executors stands.',
  valuesMap: {
    HEALTHY: { description: 'At least half of the executors that are to be there take requests.' },
    UNHEALTHY: { description: 'Fewer do.' },
    STOPPED: { description: 'It is to have no executors.' },
  },
});

@ObjectType({ description: 'A variable of the environment of executors.' })
export class EnvironmentVariable {
  @Field(() => String, { description: 'Its name.' })
  readonly name!: string;

  @Field(() => String, { description: 'Its value.' })
  readonly value!: string;
}

@ObjectType({ description: "What each executor of a pool is given; null is as the workers' settings say." })
export class ExecutorPoolResources {
  @Field(() => [String], { nullable: true, description: 'Devices, dealt out in turn.' })
  readonly devices: readonly string[] | null;

  @Field(() => Int, { nullable: true, description: 'Threads of one model run.' })
  readonly threads: number | null;

  @Field(() => Float, { nullable: true, description: 'Memory that one executor may hold, in bytes.' })
  readonly memoryBytes: number | null;

  @Field(() => Float, { nullable: true, description: 'Bytes of model files that one executor keeps loaded.' })
  readonly cacheBytes: number | null;

  @Field(() => [EnvironmentVariable], { nullable: true, description: 'Environment of the processes, by name.' })
  readonly environment: readonly EnvironmentVariable[] | null;

  constructor({ devices, threads, memoryBytes, cacheBytes, environment }: PoolResources) {
    this.devices = devices ?? null;
    this.threads = threads ?? null;
    this.memoryBytes = memoryBytes ?? null;
    this.cacheBytes = cacheBytes ?? null;
    this.environment =
      environment === undefined ? null : Object.entries(environment).map(([name, value]) => ({ name, value }));
  }
}

@ObjectType({ description: 'How a pool of executors scales itself, and what came of it.' })
export class ExecutorPoolAutoscaling {
  @Field(() => Int, { description: 'Fewest executors.' })
  readonly minReplicas: number;

  @Field(() => Int, { description: 'Most executors.' })
  readonly maxReplicas: number;

  @Field(() => Int, { description: 'Mean time that requests may wait for an executor, in milliseconds.' })
  readonly targetQueueMs: number;

  @Field(() => Int, {
    description: 'How long there must be too little to do before an executor is given up, in seconds.',
  })
  readonly scaleDownDelaySeconds: number;

  @Field(() => Date, { nullable: true, description: 'When it last changed the number of executors.' })
  readonly lastScaledAt: Date | null;

  @Field(() => String, { nullable: true, description: 'Why it did.' })
  readonly lastReason: string | null;

  @Field(() => String, { nullable: true, description: 'Why there are not more executors, although they would help.' })
  readonly heldBack: string | null;

  constructor(policy: AutoscalingPolicy, { scaledAt, scaleReason, heldBack }: NonNullable<PoolReport['scaling']>) {
    this.minReplicas = policy.minReplicas;
    this.maxReplicas = policy.maxReplicas;
    this.targetQueueMs = policy.targetQueueMs;
    this.scaleDownDelaySeconds = policy.scaleDownDelayMs / 1_000;
    this.lastScaledAt = scaledAt;
    this.lastReason = scaleReason;
    this.heldBack = heldBack;
  }
}

@ObjectType({ description: 'A worker that hosts executors.' })
export class ExecutorHost {
  @Field(() => String, { description: 'Id of the worker.' })
  readonly id: string;

  @Field(() => Int, { description: 'Executors that take requests.' })
  readonly ready: number;

  @Field(() => Int, { description: 'Cores of its machine.' })
  readonly cores: number;

  @Field(() => Float, { description: 'Memory of its machine, in bytes.' })
  readonly memoryBytes: number;

  @Field(() => Int, { description: 'Executors that its machine has room for, by its cores and memory.' })
  readonly room: number;

  constructor({ hostId, executors, machine, room }: ExecutorHostState) {
    this.id = hostId;
    this.ready = executors.filter(({ state }) => state === 'READY').length;
    this.cores = machine.cores;
    this.memoryBytes = machine.memoryBytes;
    this.room = room;
  }
}

@ObjectType({ description: 'Executors of one kind, on all workers that host them.' })
export class ExecutorPool {
  @Field(() => String, { description: 'Name of the pool (`NESTOR_POOL` of its workers).' })
  readonly name: string;

  @Field(() => Int, { description: 'Executors that it is to have, on all of its workers together.' })
  readonly replicas: number;

  @Field(() => Int, { description: 'Executors that take requests.' })
  readonly ready: number;

  @Field(() => PoolHealthEnum, { description: 'How it stands.' })
  readonly health: PoolHealth;

  @Field(() => String, {
    description: 'Path on the management port of each worker: 200 while its part of the pool is healthy, else 503.',
  })
  readonly healthPath = READINESS_PATH;

  @Field(() => ExecutorPoolResources, { description: 'What each executor is given.' })
  readonly resources: ExecutorPoolResources;

  @Field(() => ExecutorPoolAutoscaling, {
    nullable: true,
    description: 'How it scales itself; null where it does not.',
  })
  readonly autoscaling: ExecutorPoolAutoscaling | null;

  @Field(() => [ExecutorHost], { description: 'The workers that host it, by id.' })
  readonly hosts: readonly ExecutorHost[];

  constructor({ status, resources, scaling }: PoolReport) {
    this.name = status.name;
    this.replicas = status.replicas;
    this.ready = status.ready;
    this.health = status.health;
    this.resources = new ExecutorPoolResources(resources);
    this.autoscaling = scaling?.autoscaling ? new ExecutorPoolAutoscaling(scaling.autoscaling, scaling) : null;
    this.hosts = status.hosts.map((host) => new ExecutorHost(host));
  }
}

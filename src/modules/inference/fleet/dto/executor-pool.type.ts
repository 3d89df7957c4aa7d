import { Field, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { PoolHealth, PoolStatus } from '../pool-health.rules.js';

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

@ObjectType({ description: 'Executors of one kind, on all workers that host them.' })
export class ExecutorPool implements PoolStatus {
  @Field(() => String, { description: 'Name of the pool (`NESTOR_POOL` of its workers).' })
  readonly name!: string;

  @Field(() => Int, { description: 'Executors that it is to have, on all of its workers together.' })
  readonly replicas!: number;

  @Field(() => Int, { description: 'Executors that take requests.' })
  readonly ready!: number;

  @Field(() => PoolHealthEnum, { description: 'How it stands.' })
  readonly health!: PoolHealth;

  @Field(() => [String], { description: 'Ids of the workers that host it.' })
  readonly hosts!: readonly string[];
}

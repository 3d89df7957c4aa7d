import type { ExecutorPoolEntity } from './executor-pool.entity.js';
import type { PoolStatus } from './pool-health.rules.js';
import type { PoolResources } from './pool-resources.rules.js';

/** How a pool stands, and how it is to be. */
export interface PoolReport {
  readonly status: PoolStatus;
  readonly resources: PoolResources;
  /** Null where it does not scale itself. */
  readonly scaling: Pick<ExecutorPoolEntity, 'autoscaling' | 'scaledAt' | 'scaleReason' | 'heldBack'> | null;
}

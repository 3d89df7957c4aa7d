import { CodedError } from '../../../../common/errors/coded-error.js';
import type { ExecutorHostState } from '../../protocol/executor-state.js';
import type { AutoscalingPolicy } from './autoscaling.rules.js';

/** @throws {CodedError} INVALID_INPUT where a pool that scales itself by this policy could not have so many executors. */
export function assertAllowed(policy: AutoscalingPolicy | null | undefined, replicas: number): void {
  if (!policy || replicas === within(policy, replicas)) return;
  const bounds = `between ${policy.minReplicas} and ${policy.maxReplicas}`;
  const message = `replicas: the pool scales itself ${bounds}; change that by autoscaleExecutorPool first.`;
  throw new CodedError('INVALID_INPUT', message);
}

/** @throws {CodedError} INVALID_INPUT for bounds that contradict each other or the machines. */
export function assertPossible(
  { minReplicas, maxReplicas }: AutoscalingPolicy,
  hosts: readonly ExecutorHostState[],
): void {
  if (minReplicas > maxReplicas) {
    const message = `minReplicas: ${minReplicas} is more than maxReplicas, which is ${maxReplicas}.`;
    throw new CodedError('INVALID_INPUT', message);
  }
  const room = hosts.reduce((sum, host) => sum + host.room, 0);
  if (minReplicas > room) {
    const message = `minReplicas: the machines of the pool have room for ${room} executors, by their cores and memory.`;
    throw new CodedError('INVALID_INPUT', message);
  }
}

/** The number of executors that a policy allows and that is closest to another one. */
export function within({ minReplicas, maxReplicas }: AutoscalingPolicy, replicas: number): number {
  return Math.min(Math.max(replicas, minReplicas), maxReplicas);
}

import type { ExecutorHostState } from '../protocol/executor-state.js';

/**
 * What others must know of at once, as text: which executors there are, where, in what state, with which models. How
 * busy they are and when they were last heard of changes all the time and waits for the next heartbeat.
 */
export function essence({ hostId, pool, executors, quarantined }: ExecutorHostState): string {
  const known = executors.map(({ id, address, state, device, effectiveDevice, deviceError, ...of }) => [
    id,
    address,
    state,
    device,
    effectiveDevice,
    deviceError,
    of.models.map(({ digest }) => digest),
    of.loading,
    of.failures,
  ]);
  return JSON.stringify([hostId, pool, known, quarantined]);
}

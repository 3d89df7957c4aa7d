import type { ExecutorHostState } from '../protocol/executor-state.js';

export const poolHealths = ['HEALTHY', 'UNHEALTHY', 'STOPPED'] as const;
export type PoolHealth = (typeof poolHealths)[number];

/** What is known of a pool. */
export interface PoolStatus {
  readonly name: string;
  /** Executors that are to be there; those that are there where nobody has said. */
  readonly replicas: number;
  /** Executors that take requests. */
  readonly ready: number;
  readonly health: PoolHealth;
  /** The workers that host it, in order of their ids. */
  readonly hosts: readonly ExecutorHostState[];
}

/** The part of its executors that a pool needs in order to count as healthy. */
const HEALTHY_FROM = 0.5;

/**
 * How the pools stand, by name.
 * @param wanted executors that each pool is to have, null where nobody has said so.
 */
export function poolStatuses(
  hosts: readonly ExecutorHostState[],
  wanted: ReadonlyMap<string, number | null>,
): PoolStatus[] {
  const names = [...new Set([...wanted.keys(), ...hosts.map(({ pool }) => pool)])].sort();
  return names.map((name) => {
    const own = hosts.filter(({ pool }) => pool === name).sort((one, other) => one.hostId.localeCompare(other.hostId));
    const executors = own.flatMap((host) => host.executors);
    const ready = executors.filter(({ state }) => state === 'READY').length;
    // What is draining was wanted once.
    const replicas = wanted.get(name) ?? executors.filter(({ state }) => state !== 'DRAINING').length;
    return { name, replicas, ready, health: healthOf(ready, replicas), hosts: own };
  });
}

/** How executors stand of which `ready` take requests and `replicas` are to be there. */
export function healthOf(ready: number, replicas: number): PoolHealth {
  if (replicas === 0) return 'STOPPED';
  return ready / replicas >= HEALTHY_FROM ? 'HEALTHY' : 'UNHEALTHY';
}

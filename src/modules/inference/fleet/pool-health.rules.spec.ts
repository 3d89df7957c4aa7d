import { describe, expect, it } from 'vitest';
import type { ExecutorHostState, ExecutorLifecycle } from '../protocol/executor-state.js';
import { poolStatuses } from './pool-health.rules.js';

const host = (hostId: string, pool: string, ...states: readonly ExecutorLifecycle[]): ExecutorHostState => ({
  hostId,
  pool,
  room: 4,
  machine: { cores: 4, memoryBytes: 8_000_000_000 },
  quarantined: [],
  endings: [],
  executors: states.map((state, index) => ({
    id: `${hostId}-${index}`,
    hostId,
    address: '',
    device: 'cpu',
    effectiveDevice: 'cpu',
    deviceError: null,
    state,
    pid: null,
    models: [],
    loading: [],
    failures: [],
    inFlight: 0,
    loads: 0,
    restarts: 0,
    rssBytes: 0,
    startedAt: 0,
    heartbeatAt: null,
  })),
});

describe('poolStatuses', () => {
  it('counts a pool over all of its workers', () => {
    const hosts = [
      host('b', 'default', 'READY', 'BACKOFF'),
      host('a', 'default', 'READY'),
      host('c', 'gpu', 'STARTING'),
    ];
    expect(poolStatuses(hosts, new Map())).toEqual([
      { name: 'default', replicas: 3, ready: 2, health: 'HEALTHY', hosts: [hosts[1], hosts[0]] },
      { name: 'gpu', replicas: 1, ready: 0, health: 'UNHEALTHY', hosts: [hosts[2]] },
    ]);
  });

  it.each([
    [4, 'HEALTHY'],
    [5, 'UNHEALTHY'],
    [0, 'STOPPED'],
  ])('holds what is ready against the %i that are wanted: %s', (wanted, health) => {
    const hosts = [host('a', 'default', 'READY', 'READY', 'DRAINING')];
    expect(poolStatuses(hosts, new Map([['default', wanted]]))).toMatchObject([{ replicas: wanted, ready: 2, health }]);
  });

  it('knows of a pool that has no worker', () => {
    expect(poolStatuses([], new Map([['gpu', 2]]))).toEqual([
      { name: 'gpu', replicas: 2, ready: 0, health: 'UNHEALTHY', hosts: [] },
    ]);
  });
});

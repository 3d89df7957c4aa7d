import { describe, expect, it } from 'vitest';
import type { Serving } from '../../registry/serving/serving-policy.js';
import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import type { ExecutorHostState, ExecutorState } from '../protocol/executor-state.js';
import { stateOf } from './model-state.rules.js';

const DIGEST = 'a'.repeat(64);

const version = (serving: Partial<Serving> | null): ServableVersion => ({
  modelId: 'm',
  model: 'iris',
  version: 1,
  versionId: 'v',
  digest: `sha256:${DIGEST}`,
  sizeBytes: 1,
  signature: { inputs: [], outputs: [] },
  batchable: true,
  metadata: {},
  serving: serving && { residency: 'ON_DEMAND', policy: {}, revision: 1, ...serving },
  featureBinding: null,
});
const kept = version({ residency: 'LOADED' });

const executor = (id: string, more: Partial<ExecutorState> = {}): ExecutorState => ({
  id,
  hostId: 'host',
  address: '',
  device: 'cpu',
  effectiveDevice: 'cpu',
  deviceError: null,
  state: 'READY',
  pid: 1,
  models: [],
  loading: [],
  failures: [],
  inFlight: 0,
  loads: 0,
  restarts: 0,
  rssBytes: 0,
  startedAt: 0,
  heartbeatAt: 0,
  ...more,
});
const holding = { models: [{ digest: DIGEST, bytes: 1 }] };
const failed = {
  failures: [{ digest: DIGEST, attempt: 1, error: { code: 'MODEL_LOAD_FAILED', message: 'Broken.' } }],
} as const;

const machine = { cores: 4, memoryBytes: 8_000_000_000 };
const hosts = (...executors: readonly ExecutorState[]): ExecutorHostState[] => [
  { hostId: 'host', pool: 'default', machine, room: 8, executors, quarantined: [], endings: [] },
];
const told = (target: ServableVersion, from: readonly ExecutorHostState[]) => {
  const { state, reason, instances } = stateOf(target, from);
  return [state, reason, instances.map(({ executor: id, state: of }) => `${id} ${of}`).join()];
};

describe('stateOf', () => {
  it('is READY on demand, loaded or not', () => {
    expect(told(version(null), hosts(executor('a')))).toEqual(['READY', '', '']);
    expect(told(version({}), hosts(executor('a', holding), executor('b')))).toEqual(['READY', '', 'a READY']);
  });

  it('is what its keepers say where it is to be kept', () => {
    expect(told(kept, hosts(executor('a')))).toEqual(['LOADING', 'loading', '']);
    expect(told(kept, hosts(executor('a', { loading: [DIGEST] })))).toEqual(['LOADING', 'loading', 'a LOADING']);
    expect(told(kept, hosts(executor('a', holding), executor('b', failed)))).toEqual([
      'READY',
      '',
      'a READY,b UNAVAILABLE',
    ]);
    expect(told(kept, hosts(executor('a', failed)))).toEqual(['UNAVAILABLE', 'Broken.', 'a UNAVAILABLE']);
  });

  it('is UNAVAILABLE once unloaded, whoever still holds it', () => {
    const unloaded = version({ residency: 'UNLOADED' });
    expect(told(unloaded, hosts(executor('a', holding)))).toEqual(['UNAVAILABLE', 'unloaded', 'a READY']);
  });

  it('says why no executor may run it', () => {
    expect(told(kept, [])).toEqual(['UNAVAILABLE', 'no executor is ready', '']);
    expect(told(kept, hosts(executor('a', { state: 'DRAINING', ...holding })))[1]).toBe('no executor is ready');
    const quarantined = hosts(executor('a')).map((host) => ({ ...host, quarantined: [{ digest: DIGEST, until: 1 }] }));
    expect(told(version(null), quarantined)[1]).toMatch(/crashed or hung/);
    const onGpu = version({ policy: { device: 'CUDA', isDeviceRequired: true } });
    expect(told(onGpu, hosts(executor('a')))[1]).toBe('its policy requires CUDA, which no executor uses');
    expect(told(onGpu, hosts(executor('a', { effectiveDevice: 'cuda:0' })))[0]).toBe('READY');
  });
});

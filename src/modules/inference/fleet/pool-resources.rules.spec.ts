import { describe, expect, it } from 'vitest';
import {
  allowedVariables,
  assertEnvironment,
  assertFits,
  changedResources,
  effectiveResources,
} from './pool-resources.rules.js';

const settings = {
  devices: ['cpu'],
  threads: 1,
  memoryBytes: 4,
  cacheBytes: 2,
  environment: { LD_LIBRARY_PATH: '/cuda' },
};

describe('the environment of executors', () => {
  it('takes what tunes computing', () => {
    const environment = Object.fromEntries(allowedVariables.map((name) => [name, '1']));
    expect(() => assertEnvironment(environment)).not.toThrow();
  });

  it.each([
    'LD_PRELOAD',
    'LD_LIBRARY_PATH',
    'NODE_OPTIONS',
    'OMP_TOOL_LIBRARIES',
    'CUDA_INJECTION64_PATH',
    'omp_places',
    '',
  ])('refuses %j', (name) => {
    expect(() => assertEnvironment({ [name]: '1' })).toThrow('executors are not given');
  });

  it('allows no variable that names a place', () => {
    expect(allowedVariables.filter((name) => /PATH|LIB|FILE|DIR|LOG|TOOL|PRELOAD|OPTIONS/.test(name))).toEqual([]);
  });
});

describe('changedResources', () => {
  it('changes what is given, forgets what is null and leaves the rest', () => {
    const before = { threads: 2, memoryBytes: 8 };
    expect(changedResources(before, { threads: 3 })).toEqual({ threads: 3, memoryBytes: 8 });
    expect(changedResources(before, { threads: undefined, memoryBytes: null })).toEqual({ threads: 2 });
    expect(changedResources({}, { devices: ['cuda:0'], cacheBytes: 1 })).toEqual({
      devices: ['cuda:0'],
      cacheBytes: 1,
    });
  });
});

describe('effectiveResources', () => {
  it('puts what was said above the settings of the worker, and keeps its library path', () => {
    expect(effectiveResources(settings, {})).toEqual(settings);
    expect(effectiveResources(settings, { threads: 2, environment: { OMP_NUM_THREADS: '2' } })).toEqual({
      ...settings,
      threads: 2,
      environment: { LD_LIBRARY_PATH: '/cuda', OMP_NUM_THREADS: '2' },
    });
  });
});

describe('assertFits', () => {
  it('asks the largest machine, and none where there is none', () => {
    const host = { hostId: 'a', pool: 'default', room: 1, executors: [], quarantined: [], endings: [] };
    const hosts = [2, 8].map((cores) => ({ ...host, machine: { cores, memoryBytes: cores * 100 } }));
    expect(() => assertFits({ threads: 8, memoryBytes: 800 }, hosts)).not.toThrow();
    expect(() => assertFits({ threads: 9 }, hosts)).toThrow('the largest has 8');
    expect(() => assertFits({ memoryBytes: 801 }, hosts)).toThrow('the largest has 800');
    expect(() => assertFits({ threads: 9 }, [])).not.toThrow();
  });
});

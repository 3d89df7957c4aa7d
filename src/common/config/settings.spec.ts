import { describe, expect, it } from 'vitest';
import { loadSettings, SettingsError } from './settings.js';

function problemsOf(environment: Record<string, string>): readonly string[] {
  try {
    loadSettings(environment);
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
  return [];
}

describe('loadSettings', () => {
  it('has a default for everything', () => {
    const settings = loadSettings({});
    expect(settings).toMatchObject({ PORT: 3000, MANAGEMENT_PORT: 9464, HOST: '127.0.0.1', NESTOR_DEVICES: ['cpu'] });
    expect(settings.NESTOR_EXECUTORS).toBeGreaterThan(0);
  });

  it('counts an empty variable as not set', () => {
    expect(loadSettings({ PORT: '' }).PORT).toBe(3000);
  });

  it('reads lists, numbers and flags', () => {
    const settings = loadSettings({ NESTOR_DEVICES: 'cpu, cuda:1', PORT: '8080', NESTOR_INTROSPECTION: 'false' });
    expect(settings).toMatchObject({ NESTOR_DEVICES: ['cpu', 'cuda:1'], PORT: 8080, NESTOR_INTROSPECTION: false });
  });

  it('lists all problems at once, each with its setting', () => {
    const problems = problemsOf({ PORT: '99999', NESTOR_DEVICES: 'gpu', REDIS_URL: 'http://x', NESTOR_PROT: '1' });
    expect(problems).toHaveLength(4);
    expect(problems.join('\n')).toMatch(/PORT: .*"99999"[^]*NESTOR_DEVICES[^]*NESTOR_PROT: there is no such setting/);
    expect(problems.find((problem) => problem.startsWith('REDIS_URL'))).toMatch(/redis:\/\/ or rediss:\/\//);
  });

  it('wants to know how other machines reach executors that listen on every address', () => {
    expect(problemsOf({ NESTOR_EXECUTOR_LISTEN: '7100' })).toEqual([expect.stringContaining('host:port')]);
    expect(problemsOf({ NESTOR_EXECUTOR_LISTEN: '10.0.0.1:7100-7199' })).toEqual([]);
    for (const host of ['0.0.0.0', '[::]']) {
      const listen = { NESTOR_EXECUTOR_LISTEN: `${host}:7100` };
      expect(problemsOf(listen)).toEqual([expect.stringMatching(/^NESTOR_EXECUTOR_ADVERTISE: must say by which name/)]);
      expect(problemsOf({ ...listen, NESTOR_EXECUTOR_ADVERTISE: 'gpu-1' })).toEqual([]);
    }
  });

  it('wants one port for artifacts, and the secret of the machine that lends them', () => {
    expect(problemsOf({ NESTOR_ARTIFACT_LISTEN: '10.0.0.1:7080-7090' })).toEqual([
      expect.stringContaining('must be host:port'),
    ]);
    const server = { NESTOR_ARTIFACT_SERVER: '10.0.0.1:7080' };
    expect(problemsOf(server)).toEqual([expect.stringMatching(/^NESTOR_SECRET: must be given/)]);
    expect(problemsOf({ ...server, NESTOR_SECRET: 'x'.repeat(32) })).toEqual([]);
  });

  it('never repeats a secret', () => {
    expect(problemsOf({ NESTOR_SECRET: 'hunter2', DATABASE_URL: 'mysql://u:hunter2@h' }).join()).not.toContain(
      'hunter2',
    );
  });
});

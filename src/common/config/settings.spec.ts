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

  it('never repeats a secret', () => {
    expect(problemsOf({ NESTOR_SECRET: 'hunter2', DATABASE_URL: 'mysql://u:hunter2@h' }).join()).not.toContain(
      'hunter2',
    );
  });
});

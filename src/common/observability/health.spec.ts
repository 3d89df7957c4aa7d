import { describe, expect, it, vi } from 'vitest';
import { HealthChecks } from './health.js';

describe('HealthChecks', () => {
  it('is ok without checks and when all pass', async () => {
    const checks = new HealthChecks();
    expect(await checks.report()).toEqual({ status: 'ok', checks: {} });
    checks.add('database', () => Promise.resolve());
    expect(await checks.report()).toEqual({ status: 'ok', checks: { database: 'ok' } });
  });

  it('says what is wrong with each part', async () => {
    const checks = new HealthChecks();
    checks.add('database', () => Promise.reject(new Error('connection refused')));
    checks.add('executors', () => {
      throw new Error('none is ready');
    });
    checks.add('redis', () => undefined);
    expect(await checks.report()).toEqual({
      status: 'unavailable',
      checks: { database: 'connection refused', executors: 'none is ready', redis: 'ok' },
    });
  });

  it('does not wait for a check that hangs', async () => {
    vi.useFakeTimers();
    const checks = new HealthChecks();
    checks.add('database', () => new Promise(() => undefined));
    const report = checks.report();
    await vi.advanceTimersByTimeAsync(2_000);
    expect((await report).checks.database).toMatch(/no answer/);
    vi.useRealTimers();
  });
});

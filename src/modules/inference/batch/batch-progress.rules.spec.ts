import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { progressOf, type ProgressFacts } from './batch-progress.rules.js';

const running: ProgressFacts = {
  status: 'RUNNING',
  rowsTotal: 1_000,
  rowsDone: 300,
  runStartedAt: new Date(10_000),
  runStartedRows: 100,
  runEndedAt: null,
};

describe('progressOf', () => {
  it('tells rate and time left of what was done since the chunks began', () => {
    expect(progressOf(running, 14_000)).toEqual({ rowsPerSecond: 50, secondsLeft: 14 });
  });

  it('tells neither before a row is done, and no time where nothing runs', () => {
    expect(progressOf({ ...running, rowsDone: 100 }, 14_000)).toEqual({ rowsPerSecond: null, secondsLeft: null });
    expect(progressOf({ ...running, runStartedAt: null }, 14_000)).toEqual({ rowsPerSecond: null, secondsLeft: null });
    expect(progressOf({ ...running, status: 'CANCELLED' }, 14_000).secondsLeft).toBeNull();
    expect(progressOf({ ...running, rowsTotal: null }, 14_000).secondsLeft).toBeNull();
  });

  it('keeps the rate once the chunks have ended', () => {
    const ended: ProgressFacts = { ...running, status: 'SUCCEEDED', rowsDone: 1_000, runEndedAt: new Date(19_000) };
    expect(progressOf(ended, 99_000)).toEqual({ rowsPerSecond: 100, secondsLeft: 0 });
  });

  it('is never negative nor infinite, whatever the clocks say', () => {
    fc.assert(
      fc.property(fc.nat(2_000), fc.integer({ min: -5_000, max: 5_000 }), (rowsDone, offset) => {
        const { rowsPerSecond, secondsLeft } = progressOf({ ...running, rowsDone }, 10_000 + offset);
        for (const figure of [rowsPerSecond ?? 0, secondsLeft ?? 0]) {
          expect(Number.isFinite(figure) && figure >= 0).toBe(true);
        }
      }),
    );
  });
});

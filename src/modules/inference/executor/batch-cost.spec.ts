import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchCost } from './batch-cost.js';

function learned(runs: readonly (readonly [rows: number, ms: number])[]): BatchCost {
  const cost = new BatchCost();
  for (const [rows, ms] of runs) cost.observe(rows, ms);
  return cost;
}

describe('BatchCost', () => {
  it('begins with one row and grows step by step', () => {
    expect(new BatchCost().rowsWithin(50, 256)).toBe(1);
    expect(learned([[1, 0.01]]).rowsWithin(50, 256)).toBe(4);
    expect(learned([[1, 0.01], [4, 0.02]]).rowsWithin(50, 256)).toBe(16); // prettier-ignore
  });

  it('recovers fixed and per-row cost exactly where the model follows them', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 20, noNaN: true }),
        fc.double({ min: 0.1, max: 20, noNaN: true }),
        fc.array(fc.integer({ min: 1, max: 64 }), { minLength: 2, maxLength: 40 }),
        (fixed, perRow, rows) => {
          fc.pre(new Set(rows).size > 1);
          const cost = learned(rows.map((count) => [count, fixed + perRow * count]));
          const limit = cost.rowsWithin(50, 1_000);
          const exact = Math.min((50 - fixed) / perRow, Math.max(...rows) * 4);
          expect(Math.abs(limit - Math.max(1, exact))).toBeLessThanOrEqual(1.01);
        },
      ),
    );
  });

  it('keeps a 10 ms row to five rows of 50 ms', () => {
    expect(learned([[1, 10], [2, 20], [4, 40]]).rowsWithin(50, 256)).toBe(5); // prettier-ignore
    expect(learned([[4, 40], [4, 40]]).rowsWithin(50, 256)).toBe(5); // prettier-ignore
  });

  it('joins rows of a model whose fixed cost alone is beyond the time, as they come nearly for free', () => {
    const cost = learned([1, 4, 16, 64].map((rows) => [rows, 60 + 0.1 * rows]));
    expect(cost.rowsWithin(50, 1_000)).toBe(256);
    expect(learned([1, 2, 3].map((rows) => [rows, 60 * rows])).rowsWithin(50, 1_000)).toBe(1);
  });

  it('never leaves 1…maximum, whatever it observed', () => {
    const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 512 }), fc.double({ min: 0, max: 1e5, noNaN: true })));
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 512 }), (observed, maximum) => {
        const limit = learned(observed).rowsWithin(50, maximum);
        expect(Number.isInteger(limit) && limit >= 1 && limit <= maximum).toBe(true);
      }),
    );
  });

  it('forgets one slow run', () => {
    const cost = learned([[1, 0.1], [8, 0.2], [32, 900]]); // prettier-ignore
    expect(cost.rowsWithin(50, 256)).toBeLessThan(8);
    for (let run = 0; run < 200; run += 1) cost.observe(1 + (run % 4), 0.1);
    expect(cost.rowsWithin(50, 256)).toBeGreaterThan(32);
  });
});

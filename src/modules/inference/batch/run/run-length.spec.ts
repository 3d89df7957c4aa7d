import { describe, expect, it } from 'vitest';
import { RunLength } from './run-length.js';

/** Runs rows of a model until the length of its runs settles. */
function settle(length: RunLength, digest: string, msPerRow: number): number {
  for (let run = 0; run < 20; run += 1) {
    const batchRows = length.rowsFor(digest);
    length.observe(digest, { batchRows, inferenceMs: 0.01 + msPerRow * batchRows });
  }
  return length.rowsFor(digest);
}

describe('RunLength', () => {
  it('begins with one row and grows to what the time of a batch holds', () => {
    const length = new RunLength(50, 256);
    expect(length.rowsFor('new')).toBe(1);
    expect(settle(length, 'quick', 0.001)).toBe(256);
    expect(settle(length, 'slow', 10)).toBeLessThanOrEqual(5);
    expect(settle(length, 'slow', 10)).toBeGreaterThanOrEqual(4);
    expect(settle(length, 'glacial', 1_000)).toBe(1);
  });

  it('forgets the models that it met first', () => {
    const length = new RunLength(50, 256);
    settle(length, 'first', 0.001);
    for (let index = 0; index < 1_000; index += 1) length.observe(`other ${index}`, { batchRows: 1, inferenceMs: 1 });
    expect(length.rowsFor('first')).toBe(1);
    expect(length.rowsFor('other 999')).toBeGreaterThan(1);
  });
});

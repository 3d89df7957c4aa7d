import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bisect } from './bisect.js';

class Refused extends Error {}

async function runWith(items: readonly number[], bad: ReadonlySet<number>) {
  let runs = 0;
  const results = await bisect<number, number | 'failed'>(
    items,
    async (part) => {
      runs += 1;
      if (part.some((item) => bad.has(item))) throw new Refused();
      return part.map((item) => item * 2);
    },
    (error) => error instanceof Refused,
    () => 'failed',
  );
  return { results, runs };
}

describe('bisect', () => {
  it('fails exactly the bad ones, in order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.nat(200)), fc.uniqueArray(fc.nat(200)), async (items, bad) => {
        const faults = new Set(bad);
        const { results } = await runWith(items, faults);
        expect(results).toEqual(items.map((item) => (faults.has(item) ? 'failed' : item * 2)));
      }),
    );
  });

  it('takes one run where all is well, and few where little is not', async () => {
    const items = Array.from({ length: 1_024 }, (_, index) => index);
    expect((await runWith(items, new Set())).runs).toBe(1);
    expect((await runWith(items, new Set([500]))).runs).toBe(21);
    expect((await runWith([], new Set())).runs).toBe(0);
  });

  it('throws what is not the fault of the items', async () => {
    const lost = new Error('lost');
    const run = () => Promise.reject(lost);
    await expect(
      bisect(
        [1, 2],
        run,
        (error) => error instanceof Refused,
        () => 0,
      ),
    ).rejects.toBe(lost);
  });
});

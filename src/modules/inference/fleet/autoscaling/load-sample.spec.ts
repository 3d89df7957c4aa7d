import { describe, expect, it } from 'vitest';
import { LoadSamples } from './load-sample.js';

describe('LoadSamples', () => {
  it('adds up by pool, starts over after each sample, and tells once of a pool that has become quiet', () => {
    const samples = new LoadSamples(1_000);
    samples.add({ pool: 'a', queueMs: 5, busyMs: 2 });
    samples.add({ pool: 'a', queueMs: 7, busyMs: 2 });
    samples.add({ pool: 'b', queueMs: 1, busyMs: 9 });
    expect(samples.take(3_000)).toEqual(
      new Map([
        ['a', { requests: 2, queueMs: 12, busyMs: 4, spanMs: 2_000 }],
        ['b', { requests: 1, queueMs: 1, busyMs: 9, spanMs: 2_000 }],
      ]),
    );
    samples.add({ pool: 'b', queueMs: 3, busyMs: 3 });
    expect(samples.take(4_000)).toEqual(
      new Map([
        ['b', { requests: 1, queueMs: 3, busyMs: 3, spanMs: 1_000 }],
        ['a', { requests: 0, queueMs: 0, busyMs: 0, spanMs: 1_000 }],
      ]),
    );
    expect([...samples.take(5_000).keys()]).toEqual(['b']);
    expect(samples.take(6_000).size).toBe(0);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shareOf } from './pool-share.rules.js';

const hostIds = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 20 });
const replicas = fc.nat(200);

describe('shareOf', () => {
  it('gives out exactly what there is to be, evenly', () => {
    fc.assert(
      fc.property(replicas, hostIds, (count, hosts) => {
        const shares = hosts.map((host) => shareOf(count, host, hosts));
        expect(shares.reduce((sum, share) => sum + share, 0)).toBe(count);
        expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('does not depend on the order of the list, nor on whether the worker stands in it', () => {
    fc.assert(
      fc.property(replicas, hostIds, (count, hosts) => {
        const [host = ''] = hosts;
        expect(shareOf(count, host, hosts.toReversed())).toBe(shareOf(count, host, hosts));
        expect(shareOf(count, host, hosts.slice(1))).toBe(shareOf(count, host, hosts));
      }),
    );
  });

  it('gives nobody less when a worker is gone', () => {
    fc.assert(
      fc.property(replicas, hostIds, (count, hosts) => {
        const left = hosts.slice(1);
        for (const host of left) expect(shareOf(count, host, left)).toBeGreaterThanOrEqual(shareOf(count, host, hosts));
      }),
    );
  });
});

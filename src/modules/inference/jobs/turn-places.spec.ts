import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TurnPlaces } from './turn-places.js';

describe('TurnPlaces', () => {
  it('gives what there is, in the order of asking, never more than the limit, until all are served', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 10 }),
        async (limit, wanted) => {
          const places = new TurnPlaces(() => limit);
          const served: number[] = [];
          const callers = wanted.map(async (wish, index) => {
            for (let missing = wish; missing > 0;) {
              const count = await places.take(missing);
              expect(count).toBeGreaterThan(0);
              expect(places.inHand).toBeLessThanOrEqual(limit);
              if (missing === wish) served.push(index);
              missing -= count;
              await Promise.resolve();
              for (let each = 0; each < count; each += 1) places.release();
            }
          });
          await Promise.all(callers);
          expect(served).toEqual(wanted.map((_, index) => index));
          expect(places.inHand).toBe(0);
        },
      ),
    );
  });

  it('follows a limit that grows', async () => {
    let limit = 1;
    const places = new TurnPlaces(() => limit);
    expect(await places.take(5)).toBe(1);
    const waiting = places.take(5);
    limit = 4;
    places.release();
    expect(await waiting).toBe(4);
  });

  it('sends away whoever waited long enough, and forgets them', async () => {
    const places = new TurnPlaces(() => 1);
    expect(await places.take(1)).toBe(1);
    expect(await places.take(1, 1)).toBe(0);
    places.release();
    expect(places.inHand).toBe(0);
    expect(await places.take(1)).toBe(1);
  });

  it('gives nothing once it is closed', async () => {
    const places = new TurnPlaces(() => 1);
    expect(await places.take(1)).toBe(1);
    const waiting = [places.take(1), places.take(1, 60_000)];
    places.close();
    places.release();
    expect(await Promise.all([...waiting, places.take(1)])).toEqual([0, 0, 0]);
  });
});

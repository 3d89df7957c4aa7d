import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Places } from './places.js';

const forever = () => new Promise<never>(() => undefined);

describe('Places', () => {
  it('never runs more than it has places for, starts in order, and ends all, failing ones too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.boolean()),
        async (s, count, fails) => {
          const places = new Places(count);
          const started: number[] = [];
          let running = 0;
          let most = 0;
          const tasks = fails.map((isFailing, index) =>
            places.run(async () => {
              started.push(index);
              running += 1;
              most = Math.max(most, running);
              await s.schedule(Promise.resolve());
              running -= 1;
              if (isFailing) throw new Error(String(index));
              return index;
            }),
          );
          const [results] = await Promise.all([Promise.allSettled(tasks), s.waitIdle()]);
          expect(most).toBe(Math.min(count, fails.length));
          expect(started).toEqual(fails.map((_, index) => index));
          expect(results.map(({ status }) => status === 'rejected')).toEqual(fails);
          expect(places.waiting).toBe(0);
          await expect(places.run(() => Promise.resolve('free'))).resolves.toBe('free');
        },
      ),
    );
  });

  it('counts those who wait', () => {
    const places = new Places(1);
    void places.run(forever);
    expect(places.waiting).toBe(0);
    void places.run(forever);
    void places.run(forever);
    expect(places.waiting).toBe(2);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerRate } from './answer-rate.js';

describe('AnswerRate', () => {
  it('counts the answers of the last second, to a tenth of it', () => {
    const steps = fc.array(fc.integer({ min: 0, max: 700 }), { maxLength: 60 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 0, max: 3_000 }), (pauses, after) => {
        const rate = new AnswerRate();
        const times: number[] = [];
        let now = 5_000;
        for (const pause of pauses) {
          now += pause;
          times.push(now);
          rate.add(now);
        }
        const asked = now + after;
        const since = (Math.floor(asked / 100) - 9) * 100;
        expect(rate.perSecond(asked)).toBe(times.filter((time) => time >= since).length);
      }),
    );
  });
});

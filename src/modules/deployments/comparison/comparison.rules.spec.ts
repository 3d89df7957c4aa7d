import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SeededRandom } from '../../../../models/training/random.js';
import { compare, MIN_REWARDS, type Rewards } from './comparison.rules.js';
import { type Sample, sequential, twoProportions, welch } from './tests.rules.js';

const rate = (successes: number, count: number): Rewards => {
  const mean = successes / count;
  return { count, mean, variance: (mean * (1 - mean) * count) / (count - 1), isBinary: true };
};
const real = (mean: number, variance: number, count: number): Rewards => ({ count, mean, variance, isBinary: false });

/** Expected values: scipy 1.17.1. `binomtest(…).proportion_ci('wilson')`, `chi2_contingency(correction=False)`. */
describe('twoProportions', () => {
  it.each([
    // The first is Newcombe's own example (his table II, method 10).
    [rate(56, 70), rate(48, 80), 0.008045081368196585, 0.052431472402364815, 0.3338726540369059],
    [rate(120, 1000), rate(100, 1000), 0.15291778186394195, -0.0074921675152110415, 0.047550667456339055],
    [rate(5, 50), rate(0, 40), 0.03959176323669052, -0.004271444539774405, 0.21360231437479654],
  ])('%o against %o', (one, other, pValue, low, high) => {
    const result = twoProportions(one, other);
    expect(result.pValue).toBeCloseTo(pValue, 10);
    expect(result.interval.low).toBeCloseTo(low, 10);
    expect(result.interval.high).toBeCloseTo(high, 10);
  });

  it('finds nothing where nothing ever succeeds, or everything does', () => {
    expect(twoProportions(rate(0, 50), rate(0, 60)).pValue).toBe(1);
    expect(twoProportions(rate(50, 50), rate(60, 60)).pValue).toBe(1);
  });
});

/** Expected values: scipy 1.17.1, `ttest_ind_from_stats(equal_var=False)` and `t.ppf` with Welch's degrees of freedom. */
describe('welch', () => {
  it.each([
    [real(5.1, 1.2, 40), real(4.6, 2.5, 35), 0.1217337034167264, -0.13717987778168395, 1.137179877781684],
    [real(0.3, 4, 200), real(0.1, 1, 50), 0.3188465874965071, -0.19503248354750988, 0.5950324835475098],
    [real(-1, 0.5, 12), real(1.5, 0.25, 9), 1.2416470910694423e-8, -3.051628150109203, -1.9483718498907971],
  ])('%o against %o', (one, other, pValue, low, high) => {
    const result = welch(one, other);
    expect(result.pValue).toBeCloseTo(pValue, 10);
    expect(result.interval.low).toBeCloseTo(low, 8);
    expect(result.interval.high).toBeCloseTo(high, 8);
  });

  it('knows for sure where nothing varies', () => {
    expect(welch(real(1, 0, 5), real(1, 0, 5))).toEqual({ pValue: 1, interval: { low: 0, high: 0 } });
    expect(welch(real(2, 0, 5), real(1, 0, 5)).pValue).toBe(0);
  });
});

describe('sequential', () => {
  // 1 over the likelihood ratio, whose mixture was integrated numerically with scipy 1.17.1 (`integrate.quad`).
  it.each([
    [0.05, 0.0004, 0.05, 0.18205166058622566],
    [0.01, 0.0001, 0.1, 1],
    [-0.3, 0.01, 0.2, 0.06109770079048312],
  ])('tells how likely an effect of %f with variance %f is by chance', (effect, variance, tau, pValue) => {
    expect(sequential(effect, variance, tau).pValue).toBeCloseTo(pValue, 10);
  });

  it('has an interval that leaves 0 out exactly where the p-value is below 5 %', () => {
    const positive = fc.double({ min: 1e-4, max: 10, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: -10, max: 10, noNaN: true }), positive, positive, (effect, variance, tau) => {
        const { pValue, interval } = sequential(effect, variance, tau);
        fc.pre(Math.abs(pValue - 0.05) > 1e-9);
        expect(interval.low > 0 || interval.high < 0).toBe(pValue < 0.05);
      }),
    );
  });
});

describe('compare', () => {
  it('chooses the test by the kind of rewards', () => {
    const binary = compare(rate(600, 1000), rate(500, 1000));
    expect(binary).toMatchObject({ kind: 'BINARY', isSignificant: true });
    expect(binary.effect).toBeCloseTo(0.1, 12);
    expect(binary.single).toEqual(twoProportions(rate(600, 1000), rate(500, 1000)));
    const mixed = compare(real(3, 1, 100), rate(50, 100));
    expect(mixed).toMatchObject({ kind: 'REAL', isSignificant: true });
    expect(mixed.single).toEqual(welch(real(3, 1, 100), rate(50, 100)));
  });

  it('says nothing of significance with too few rewards', () => {
    const few = compare(rate(MIN_REWARDS - 1, MIN_REWARDS - 1), rate(0, 1000));
    expect(few).toMatchObject({ effect: 1, single: null, sequential: null, isSignificant: false });
    const none: Rewards = { count: 0, mean: 0, variance: 0, isBinary: true };
    expect(compare(none, rate(1, 100)).effect).toBeNull();
  });

  it('is the stricter for the right to look again', () => {
    const { single, sequential: repeated } = compare(rate(56, 70), rate(48, 80));
    expect(single?.pValue).toBeLessThan(0.05);
    expect(repeated?.pValue).toBeGreaterThan(0.05);
    expect(compare(rate(56, 70), rate(48, 80)).isSignificant).toBe(false);
  });

  it('keeps rates within their bounds, and is certain of rewards that never vary', () => {
    const { sequential: rates } = compare(rate(30, 30), rate(0, 30));
    expect(rates?.interval.high).toBe(1);
    expect(compare(real(2, 0, 30), real(1, 0, 30))).toMatchObject({ isSignificant: true, effect: 1 });
    expect(compare(real(1, 0, 30), real(1, 0, 30))).toMatchObject({ isSignificant: false, effect: 0 });
  });

  it('seldom finds an effect that is not there, however often it is looked at, where a test for one look does', () => {
    const random = new SeededRandom(7);
    const experiments = 400;
    let [always, once] = [0, 0];
    for (let experiment = 0; experiment < experiments; experiment += 1) {
      let [foundAlways, foundOnce] = [false, false];
      const sums = [0, 0];
      for (let pairs = 1; pairs <= 2_000; pairs += 1) {
        sums[0] = (sums[0] ?? 0) + Number(random.uniform() < 0.3);
        sums[1] = (sums[1] ?? 0) + Number(random.uniform() < 0.3);
        if (pairs % 20 !== 0 || pairs < MIN_REWARDS) continue;
        const { single, isSignificant } = compare(rate(sums[0] ?? 0, pairs), rate(sums[1] ?? 0, pairs));
        foundAlways ||= isSignificant;
        foundOnce ||= (single?.pValue ?? 1) < 0.05;
      }
      always += Number(foundAlways);
      once += Number(foundOnce);
    }
    expect(always / experiments).toBeLessThanOrEqual(0.05);
    expect(once / experiments).toBeGreaterThan(0.2);
  });

  it('finds an effect that is there', () => {
    const random = new SeededRandom(11);
    const draw = (probability: number, count: number) =>
      rate(Array.from({ length: count }, () => random.uniform()).filter((value) => value < probability).length, count);
    const found = Array.from({ length: 100 }, () => compare(draw(0.4, 2_000), draw(0.3, 2_000)).isSignificant);
    expect(found.filter(Boolean).length).toBeGreaterThan(95);
  });

  it('is the mirror image of itself', () => {
    const samples = fc.record({ successes: fc.nat(500), count: fc.integer({ min: 500, max: 1_000 }) });
    fc.assert(
      fc.property(samples, samples, (one, other) => {
        const [a, b]: [Sample & { isBinary: boolean }, Sample & { isBinary: boolean }] = [
          rate(one.successes, one.count),
          rate(other.successes, other.count),
        ];
        const [there, back] = [compare(a, b), compare(b, a)];
        expect(back.effect).toBeCloseTo(-(there.effect ?? 0), 12);
        expect(back.sequential?.pValue).toBeCloseTo(there.sequential?.pValue ?? 0, 12);
        expect(back.single?.interval.low).toBeCloseTo(-(there.single?.interval.high ?? 0), 12);
      }),
    );
  });
});

import { NORMAL_975, normalTwoSided, studentCritical, studentTwoSided } from './distributions.rules.js';

/** What is known of a sample: enough for every test here. */
export interface Sample {
  readonly count: number;
  readonly mean: number;
  /** Of the sample, with n − 1. */
  readonly variance: number;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The difference of two means, contender less champion. */
export interface TestResult {
  readonly pValue: number;
  /** 95 % confidence interval of the effect. */
  readonly interval: Interval;
}

/** Level of all intervals and decisions: 95 % confidence. */
export const ALPHA = 0.05;

/**
 * Rewards of 0 and 1: the two-proportion z test with the pooled rate, and Newcombe's interval (his method 10, of two Wilson
 * scores), which keeps its promise for small samples and rates near 0 and 1 where the textbook's does not. R. G.
 * Newcombe, "Interval estimation for the difference between independent proportions", Statistics in Medicine 17, 1998.
 */
export function twoProportions(contender: Sample, champion: Sample): TestResult {
  const effect = contender.mean - champion.mean;
  const total = contender.count + champion.count;
  const pooled = (contender.mean * contender.count + champion.mean * champion.count) / total;
  const variance = pooled * (1 - pooled) * (1 / contender.count + 1 / champion.count);
  const [one, other] = [wilson(contender), wilson(champion)];
  return {
    pValue: variance === 0 ? 1 : normalTwoSided(effect / Math.sqrt(variance)),
    interval: {
      low: effect - Math.hypot(contender.mean - one.low, other.high - champion.mean),
      high: effect + Math.hypot(one.high - contender.mean, champion.mean - other.low),
    },
  };
}

/** Wilson's score interval of a rate. */
function wilson({ count, mean }: Sample): Interval {
  const z2 = NORMAL_975 ** 2;
  const centre = mean + z2 / (2 * count);
  const spread = NORMAL_975 * Math.sqrt((mean * (1 - mean)) / count + z2 / (4 * count * count));
  return { low: (centre - spread) / (1 + z2 / count), high: (centre + spread) / (1 + z2 / count) };
}

/** Rewards of any size: Welch's t test, which does not suppose that both vary alike. Needs two values of each. */
export function welch(contender: Sample, champion: Sample): TestResult {
  const effect = contender.mean - champion.mean;
  const [one, other] = [contender.variance / contender.count, champion.variance / champion.count];
  const variance = one + other;
  if (variance === 0) return { pValue: effect === 0 ? 1 : 0, interval: { low: effect, high: effect } };
  const df = variance ** 2 / (one ** 2 / (contender.count - 1) + other ** 2 / (champion.count - 1));
  const spread = studentCritical(ALPHA, df) * Math.sqrt(variance);
  return {
    pValue: studentTwoSided(effect / Math.sqrt(variance), df),
    interval: { low: effect - spread, high: effect + spread },
  };
}

/**
 * A test that may be looked at as often as one likes: the mixture sequential probability ratio test of an effect of 0
 * against effects that are normal around 0 with standard deviation τ. The chance that the p-value is ever below α is at
 * most α where there is no effect; the interval covers the effect at all times with 95 %. R. Johari, P. Koomen, L.
 * Pekelis, D. Walsh, "Always Valid Inference: Continuous Monitoring of A/B Tests", Operations Research 70, 2022.
 * @param variance of the effect.
 * @param tau the size of effect that the test is the quickest to find.
 */
export function sequential(effect: number, variance: number, tau: number): TestResult {
  const mixed = variance + tau ** 2;
  const logRatio = 0.5 * Math.log(variance / mixed) + (tau ** 2 * effect ** 2) / (2 * variance * mixed);
  const spread = Math.sqrt(
    ((2 * variance * mixed) / tau ** 2) * (Math.log(1 / ALPHA) + 0.5 * Math.log(mixed / variance)),
  );
  return {
    pValue: Math.min(1, Math.exp(-logRatio)),
    interval: { low: effect - spread, high: effect + spread },
  };
}

import {
  ALPHA,
  type Interval,
  type Sample,
  sequential,
  type TestResult,
  twoProportions,
  welch,
} from './tests.rules.js';

export const rewardKinds = ['BINARY', 'REAL'] as const;

/** Whether rewards are only 0 and 1. */
export type RewardKind = (typeof rewardKinds)[number];

/** The rewards of one variant. */
export interface Rewards extends Sample {
  readonly isBinary: boolean;
}

export interface Comparison {
  readonly kind: RewardKind;
  /** Mean reward of the contender less the champion's; null where one of them has none. */
  readonly effect: number | null;
  /** The test that is right for a single look, at a number of samples that was fixed before. Null with too few samples. */
  readonly single: TestResult | null;
  /** The test that may be looked at again and again. Null with too few samples. */
  readonly sequential: TestResult | null;
  /** Whether the sequential test found an effect. */
  readonly isSignificant: boolean;
}

/** Fewest rewards of each side: below, the normal distribution of means is no more than a hope. */
export const MIN_REWARDS = 30;

/** Effect that the sequential test is the quickest to find: five points of a rate, a tenth of a standard deviation. */
const BINARY_TAU = 0.05;
const REAL_TAU = 0.1;

export function compare(contender: Rewards, champion: Rewards): Comparison {
  const kind = contender.isBinary && champion.isBinary ? 'BINARY' : 'REAL';
  const effect = contender.count > 0 && champion.count > 0 ? contender.mean - champion.mean : null;
  if (effect === null || Math.min(contender.count, champion.count) < MIN_REWARDS) {
    return { kind, effect, single: null, sequential: null, isSignificant: false };
  }
  const single = kind === 'BINARY' ? twoProportions(contender, champion) : welch(contender, champion);
  const repeated = repeatable(kind, effect, contender, champion);
  return { kind, effect, single, sequential: repeated, isSignificant: repeated.pValue < ALPHA };
}

function repeatable(kind: RewardKind, effect: number, contender: Sample, champion: Sample): TestResult {
  if (kind === 'BINARY') {
    const variance = smoothedVariance(contender) / contender.count + smoothedVariance(champion) / champion.count;
    return within(sequential(effect, variance, BINARY_TAU), -1, 1);
  }
  const variance = contender.variance / contender.count + champion.variance / champion.count;
  const deviation = Math.sqrt((contender.variance + champion.variance) / 2);
  // Rewards that never vary leave nothing to chance.
  if (deviation === 0) return { pValue: effect === 0 ? 1 : 0, interval: { low: effect, high: effect } };
  return sequential(effect, variance, REAL_TAU * deviation);
}

/** As if each had been seen twice more, one of them a success: a rate of 0 or 1 so far is not one for ever. */
function smoothedVariance({ count, mean }: Sample): number {
  const rate = (mean * count + 1) / (count + 2);
  return rate * (1 - rate);
}

function within({ pValue, interval }: TestResult, lowest: number, highest: number): TestResult {
  const bounded: Interval = { low: Math.max(lowest, interval.low), high: Math.min(highest, interval.high) };
  return { pValue, interval: bounded };
}

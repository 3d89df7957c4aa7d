import { CodedError } from '../../../common/errors/coded-error.js';
import { MIN_REWARDS } from '../comparison/comparison.rules.js';
import type { VariantResults } from '../comparison/variant-results.js';
import { CANARY_NAME, type Variant } from '../variant.js';
import { championOf } from '../variants.rules.js';
import type { CanaryEvent } from './canary-state.rules.js';
import type { Canary, CanaryPlan } from './canary.js';

const MAX_STEPS = 20;
/** 30 days. */
const MAX_BAKE_SECONDS = 30 * 86_400;

/** @throws {CodedError} INVALID_INPUT */
export function assertPlan({ steps, bakeSeconds, gates }: CanaryPlan): void {
  const isRising = steps.every((percent, index) => percent > (steps[index - 1] ?? 0) && Number.isInteger(percent));
  if (steps.length === 0 || steps.length > MAX_STEPS || !isRising || steps.at(-1) !== 100) {
    throw invalid('steps', `give 1 to ${MAX_STEPS} whole percentages that rise to 100`);
  }
  if (!(bakeSeconds >= 1 && bakeSeconds <= MAX_BAKE_SECONDS)) {
    throw invalid('bakeSeconds', `give 1 to ${MAX_BAKE_SECONDS}`);
  }
  const { maxErrorRate, maxP99RatioToChampion, minRequests, minReward } = gates;
  if (!(maxErrorRate >= 0 && maxErrorRate <= 1)) throw invalid('gates.maxErrorRate', 'give a number from 0 to 1');
  if (!(minRequests >= 1)) throw invalid('gates.minRequests', 'give 1 or more');
  if (minReward !== null && !Number.isFinite(minReward)) throw invalid('gates.minReward', 'give a number');
  if (maxP99RatioToChampion === null) return;
  if (!(maxP99RatioToChampion > 0)) throw invalid('gates.maxP99RatioToChampion', 'give a number above 0');
  if (steps[0] === 100) {
    throw invalid(
      'gates.maxP99RatioToChampion',
      'the champion has no latency to compare with where the first step is 100',
    );
  }
}

/**
 * The variants with a canary at a share of the traffic; of those before, champion and shadows stay.
 * @throws {CodedError} CONFLICT where challengers have a share, or the version is the champion already.
 */
export function variantsWithCanary(
  variants: readonly Variant[],
  { model, version }: Pick<CanaryPlan, 'model' | 'version'>,
  percent: number,
): Variant[] {
  const champion = championOf(variants);
  if (variants.some(({ role, name }) => role === 'CHALLENGER' && name !== CANARY_NAME)) {
    throw new CodedError('CONFLICT', 'The deployment compares challengers. Promote a variant first, which ends that.');
  }
  if (champion.model === model && champion.version === version) {
    throw new CodedError('CONFLICT', `Version ${version} of ${JSON.stringify(model)} is the champion already.`);
  }
  return [
    { ...champion, weight: 100 - percent },
    { name: CANARY_NAME, role: 'CHALLENGER', model, version, weight: percent },
    ...variants.filter(({ role }) => role === 'SHADOW'),
  ];
}

/** The variants once a canary has arrived: the champion is of its version, with all of the traffic. */
export function variantsAfterCanary(variants: readonly Variant[], { model, version }: CanaryPlan): Variant[] {
  const shadows = variants.filter(({ role }) => role === 'SHADOW');
  return [{ ...championOf(variants), model, version, weight: 100 }, ...shadows];
}

export interface Verdict {
  readonly event: Exclude<CanaryEvent, 'CANCEL'>;
  readonly reason: string;
}

/**
 * What is to become of a running canary.
 * @param results of the canary since its step began.
 * @param champion results of the champion since the canary began, as it has none at 100 %.
 * @returns null where the step goes on.
 */
export function judge(
  { steps, step, bakeSeconds, stepStartedAt, gates }: Canary,
  results: VariantResults,
  champion: VariantResults,
  now: Date,
): Verdict | null {
  if (results.predictions < gates.minRequests) return null;
  const errorRate = results.faults / results.predictions;
  // What fails need not fail until the end of the step.
  if (errorRate > gates.maxErrorRate) {
    return { event: 'ROLL_BACK', reason: `error rate ${shown(errorRate)} is above ${shown(gates.maxErrorRate)}` };
  }
  if (now.getTime() < stepStartedAt.getTime() + bakeSeconds * 1_000) return null;
  if (gates.maxP99RatioToChampion !== null) {
    const isKnown = champion.predictions >= gates.minRequests && champion.p99Ms !== null && results.p99Ms !== null;
    if (!isKnown) return null;
    const ratio = results.p99Ms / champion.p99Ms;
    if (ratio > gates.maxP99RatioToChampion) {
      const times = `${shown(ratio)} times the champion's`;
      return { event: 'ROLL_BACK', reason: `p99 latency is ${times}, above ${shown(gates.maxP99RatioToChampion)}` };
    }
  }
  if (gates.minReward !== null) {
    if (results.rewards.count < MIN_REWARDS) return null;
    if (results.rewards.mean < gates.minReward) {
      const reason = `mean reward ${shown(results.rewards.mean)} is below ${shown(gates.minReward)}`;
      return { event: 'ROLL_BACK', reason };
    }
  }
  const reason = `${results.predictions} predictions, error rate ${shown(errorRate)}: all gates passed`;
  return { event: step + 1 < steps.length ? 'ADVANCE' : 'COMPLETE', reason };
}

/** To three significant digits. */
const shown = (value: number): string => String(Number(value.toPrecision(3)));

const invalid = (field: string, problem: string): CodedError =>
  new CodedError('INVALID_INPUT', `${field}: ${problem}.`);

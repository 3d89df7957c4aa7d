import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { VariantResults } from '../comparison/variant-results.js';
import type { Variant } from '../variant.js';
import { canaryStatuses, type CanaryEvent, statusAfter } from './canary-state.rules.js';
import { assertPlan, judge, variantsAfterCanary, variantsWithCanary } from './canary.rules.js';
import type { Canary, CanaryGates, CanaryPlan } from './canary.js';

const gates: CanaryGates = { maxErrorRate: 0.1, maxP99RatioToChampion: 2, minRequests: 10, minReward: null };
const plan: CanaryPlan = { model: 'iris', version: 2, steps: [5, 50, 100], bakeSeconds: 60, gates };
const began = new Date('2026-01-01T00:00:00Z');
const baked = new Date(began.getTime() + 60_000);
const canary: Canary = {
  ...plan,
  id: 'c',
  workspaceId: 'w',
  deploymentId: 'd',
  deployment: 'flowers',
  status: 'RUNNING',
  step: 0,
  reason: '',
  startedBy: 'u',
  startedAt: began,
  stepStartedAt: began,
  endedAt: null,
};
const results = (changes: Partial<VariantResults> = {}): VariantResults => ({
  predictions: 100,
  faults: 0,
  p99Ms: 10,
  rewards: { count: 0, mean: 0, variance: 0, isBinary: true },
  ...changes,
});
const rewards = (count: number, mean: number) => results({ rewards: { count, mean, variance: 1, isBinary: false } });

function refusal(action: () => unknown): CodedError {
  try {
    action();
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('the states of a canary', () => {
  it('are left only while it runs', () => {
    const events: readonly CanaryEvent[] = ['ADVANCE', 'COMPLETE', 'ROLL_BACK', 'CANCEL'];
    expect(events.map((event) => statusAfter('RUNNING', event))).toEqual([
      'RUNNING',
      'SUCCEEDED',
      'ROLLED_BACK',
      'CANCELLED',
    ]);
    for (const status of canaryStatuses.filter((each) => each !== 'RUNNING')) {
      expect(events.map((event) => statusAfter(status, event))).toEqual([undefined, undefined, undefined, undefined]);
    }
  });
});

describe('assertPlan', () => {
  it('takes steps that rise to 100', () => {
    assertPlan(plan);
    assertPlan({ ...plan, steps: [100], gates: { ...gates, maxP99RatioToChampion: null } });
  });

  it.each<[string, Partial<CanaryPlan>]>([
    ['no steps', { steps: [] }],
    ['steps that fall', { steps: [50, 5, 100] }],
    ['steps that stay', { steps: [5, 5, 100] }],
    ['a step of 0', { steps: [0, 100] }],
    ['a broken step', { steps: [0.5, 100] }],
    ['steps that end below 100', { steps: [5, 50] }],
    ['steps beyond 100', { steps: [5, 101] }],
    ['too many steps', { steps: Array.from({ length: 21 }, (_, index) => 80 + index) }],
    ['no time to bake', { bakeSeconds: 0 }],
    ['more than a month to bake', { bakeSeconds: 31 * 86_400 }],
    ['an error rate above 1', { gates: { ...gates, maxErrorRate: 1.1 } }],
    ['no requests', { gates: { ...gates, minRequests: 0 } }],
    ['a ratio of 0', { gates: { ...gates, maxP99RatioToChampion: 0 } }],
    ['a reward that is none', { gates: { ...gates, minReward: NaN } }],
    ['a latency to compare without a champion', { steps: [100] }],
  ])('refuses %s', (_, changes) => {
    expect(refusal(() => assertPlan({ ...plan, ...changes })).code).toBe('INVALID_INPUT');
  });
});

describe('the variants of a canary', () => {
  const champion: Variant = { name: 'main', role: 'CHAMPION', model: 'iris', version: 1, weight: 7 };
  const shadow: Variant = { name: 'dark', role: 'SHADOW', model: 'iris', version: 3, weight: 0 };
  const rival: Variant = { name: 'rival', role: 'CHALLENGER', model: 'iris', version: 2, weight: 1 };

  it('share the traffic with the champion, step by step, until it has their version', () => {
    const first = variantsWithCanary([champion, shadow], plan, 5);
    const added = { name: 'canary', role: 'CHALLENGER', model: 'iris', version: 2, weight: 5 };
    expect(first).toEqual([{ ...champion, weight: 95 }, added, shadow]);
    const second = variantsWithCanary(first, plan, 100);
    expect(second).toEqual([{ ...champion, weight: 0 }, { ...added, weight: 100 }, shadow]);
    expect(variantsAfterCanary(second, plan)).toEqual([{ ...champion, version: 2, weight: 100 }, shadow]);
  });

  it('are refused beside challengers, and for what is the champion already', () => {
    expect(refusal(() => variantsWithCanary([champion, rival], plan, 5)).code).toBe('CONFLICT');
    expect(refusal(() => variantsWithCanary([champion], { model: 'iris', version: 1 }, 5)).code).toBe('CONFLICT');
  });
});

describe('judge', () => {
  it('waits for enough requests, and for the time to bake', () => {
    expect(judge(canary, results({ predictions: 9, faults: 9 }), results(), baked)).toBeNull();
    expect(judge(canary, results(), results(), new Date(baked.getTime() - 1))).toBeNull();
  });

  it('goes on when all gates pass, and ends behind the last step', () => {
    expect(judge(canary, results({ faults: 10 }), results(), baked)).toMatchObject({ event: 'ADVANCE' });
    expect(judge({ ...canary, step: 2 }, results(), results(), baked)).toMatchObject({ event: 'COMPLETE' });
  });

  it('rolls back for errors as soon as there are too many', () => {
    const verdict = judge(canary, results({ faults: 11 }), results(), began);
    expect(verdict).toEqual({ event: 'ROLL_BACK', reason: 'error rate 0.11 is above 0.1' });
  });

  it("rolls back for a latency too far above the champion's, and waits until that is known", () => {
    expect(judge(canary, results({ p99Ms: 20 }), results(), baked)).toMatchObject({ event: 'ADVANCE' });
    expect(judge(canary, results({ p99Ms: 20.1 }), results(), baked)).toMatchObject({
      event: 'ROLL_BACK',
      reason: "p99 latency is 2.01 times the champion's, above 2",
    });
    expect(judge(canary, results(), results({ predictions: 9 }), baked)).toBeNull();
    expect(judge(canary, results({ p99Ms: null }), results(), baked)).toBeNull();
    const unlimited = { ...canary, gates: { ...gates, maxP99RatioToChampion: null } };
    expect(judge(unlimited, results({ p99Ms: 999 }), results(), baked)).toMatchObject({ event: 'ADVANCE' });
  });

  it('rolls back for a mean reward that is too small, and waits until there are enough', () => {
    const rewarding = { ...canary, gates: { ...gates, minReward: 0.5 } };
    expect(judge(rewarding, rewards(29, 0), results(), baked)).toBeNull();
    expect(judge(rewarding, rewards(30, 0.4), results(), baked)).toMatchObject({
      event: 'ROLL_BACK',
      reason: 'mean reward 0.4 is below 0.5',
    });
    expect(judge(rewarding, rewards(30, 0.5), results(), baked)).toMatchObject({ event: 'ADVANCE' });
  });
});

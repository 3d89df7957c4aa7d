import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AutoscalingPolicy, decide, type PoolLoad, type ScalingState } from './autoscaling.rules.js';

const policy: AutoscalingPolicy = { minReplicas: 1, maxReplicas: 8, targetQueueMs: 50, scaleDownDelayMs: 60_000 };
const state: ScalingState = { replicas: 2, ready: 2, room: 16, calmSince: null, scaledAt: null };
const idle: PoolLoad = { requests: 0, queueMs: 0, busyExecutors: 0 };
const load = (queueMs: number, busyExecutors = 2): PoolLoad => ({ requests: 100, queueMs, busyExecutors });
const NOW = 1_000_000;

describe('decide', () => {
  it('grows by what is missing, to twice the size at most', () => {
    expect(decide(policy, state, load(70), NOW)).toEqual({
      replicas: 3,
      reason: 'requests waited for 70 ms on average, the target is 50 ms',
      calmSince: null,
      heldBack: null,
    });
    expect(decide(policy, state, load(5_000), NOW).replicas).toBe(4);
  });

  it('is not misled by a few requests that wait for a model to be loaded', () => {
    const cold = { requests: 3, queueMs: 900, busyExecutors: 0.01 };
    expect(decide(policy, state, cold, NOW)).toEqual({ replicas: 2, reason: null, calmSince: null, heldBack: null });
    expect(decide(policy, state, { ...cold, requests: 40 }, NOW).replicas).toBe(4);
    expect(decide(policy, state, { ...cold, busyExecutors: 1 }, NOW).replicas).toBe(4);
  });

  it('does nothing near the target', () => {
    for (const queueMs of [26, 50, 55]) expect(decide(policy, state, load(queueMs), NOW).reason).toBeNull();
  });

  it('waits for executors that it has asked for, but not for ever', () => {
    const grown = { ...state, replicas: 4, ready: 2, scaledAt: NOW };
    expect(decide(policy, grown, load(500), NOW + 10_000).replicas).toBe(4);
    expect(decide(policy, { ...grown, ready: 4 }, load(500), NOW + 4_000).replicas).toBe(4);
    expect(decide(policy, { ...grown, ready: 4 }, load(500), NOW + 5_000).replicas).toBe(8);
    expect(decide(policy, grown, load(500), NOW + 30_000).replicas).toBe(8);
  });

  it('says what it is held back by', () => {
    const cramped = decide(policy, { ...state, room: 3 }, load(500), NOW);
    expect(cramped.replicas).toBe(3);
    expect(cramped.heldBack).toMatch(/4 executors would help, but the machines of the pool have room for 3/);
    const full = decide(policy, { ...state, replicas: 8, ready: 8 }, load(500), NOW);
    expect(full).toMatchObject({ replicas: 8, reason: null });
    expect(full.heldBack).toMatch(/at most 8 are to be there/);
    expect(decide(policy, { ...state, replicas: 6, ready: 6, room: 2 }, load(500), NOW).replicas).toBe(6);
  });

  it('shrinks by one when one fewer would have sufficed for long', () => {
    const first = decide(policy, { ...state, replicas: 4 }, load(10, 2), NOW);
    expect(first).toMatchObject({ replicas: 4, calmSince: NOW });
    const calm = { ...state, replicas: 4, calmSince: NOW };
    expect(decide(policy, calm, load(10, 2), NOW + 59_999).replicas).toBe(4);
    expect(decide(policy, calm, load(10, 2), NOW + 60_000)).toEqual({
      replicas: 3,
      reason: '3 have sufficed for 60 s',
      calmSince: NOW + 60_000,
      heldBack: null,
    });
    expect(decide(policy, { ...calm, replicas: 1 }, idle, NOW + 60_000).replicas).toBe(1);
  });

  it('starts to count anew when there is something to do, and keeps executors that are busy without a queue', () => {
    const calm = { ...state, replicas: 4, calmSince: NOW };
    expect(decide(policy, calm, load(30, 2), NOW + 60_000)).toMatchObject({ replicas: 4, calmSince: null });
    expect(decide(policy, calm, load(10, 2.2), NOW + 60_000)).toMatchObject({ replicas: 4, calmSince: null });
  });

  it('keeps to the policy when that has changed', () => {
    expect(decide(policy, { ...state, replicas: 0 }, idle, NOW).replicas).toBe(1);
    expect(decide(policy, { ...state, replicas: 20 }, load(500), NOW).replicas).toBe(8);
  });
});

const policies = fc
  .record({
    minReplicas: fc.integer({ min: 1, max: 20 }),
    more: fc.nat({ max: 20 }),
    targetQueueMs: fc.integer({ min: 1, max: 1_000 }),
    scaleDownDelayMs: fc.integer({ min: 1_000, max: 600_000 }),
  })
  .map(({ more, ...rest }) => ({ ...rest, maxReplicas: rest.minReplicas + more }));
const states = fc.record({
  replicas: fc.nat({ max: 60 }),
  ready: fc.nat({ max: 60 }),
  room: fc.integer({ min: 1, max: 60 }),
  calmSince: fc.option(fc.integer({ min: 0, max: NOW })),
  scaledAt: fc.option(fc.integer({ min: 0, max: NOW })),
});
const loads = fc.record({
  requests: fc.nat(),
  queueMs: fc.double({ min: 0, max: 1e6, noNaN: true }),
  busyExecutors: fc.double({ min: 0, max: 60, noNaN: true }),
});

describe('the laws of decide', () => {
  it('never leaves the bounds, nor grows beyond the room', () => {
    fc.assert(
      fc.property(policies, states, loads, (anyPolicy, anyState, anyLoad) => {
        const { replicas } = decide(anyPolicy, anyState, anyLoad, NOW);
        expect(replicas).toBeGreaterThanOrEqual(anyPolicy.minReplicas);
        expect(replicas).toBeLessThanOrEqual(anyPolicy.maxReplicas);
        if (replicas > anyState.replicas && anyState.replicas >= anyPolicy.minReplicas) {
          expect(replicas).toBeLessThanOrEqual(anyState.room);
          expect(replicas).toBeLessThanOrEqual(anyState.replicas * 2);
        }
      }),
    );
  });

  it('gives a reason exactly where it changes something', () => {
    fc.assert(
      fc.property(policies, states, loads, (anyPolicy, anyState, anyLoad) => {
        const { replicas, reason } = decide(anyPolicy, anyState, anyLoad, NOW);
        expect(reason !== null).toBe(replicas !== anyState.replicas);
      }),
    );
  });

  it('never shrinks while requests wait, and then by one', () => {
    fc.assert(
      fc.property(policies, states, loads, (anyPolicy, anyState, anyLoad) => {
        const { replicas } = decide(anyPolicy, anyState, anyLoad, NOW);
        if (replicas >= anyState.replicas || anyState.replicas > anyPolicy.maxReplicas) return;
        expect(replicas).toBe(anyState.replicas - 1);
        expect(anyLoad.queueMs).toBeLessThanOrEqual(anyPolicy.targetQueueMs / 2);
      }),
    );
  });

  it('comes to rest under a constant load: never up and down again', () => {
    fc.assert(
      fc.property(
        policies,
        fc.double({ min: 0, max: 30, noNaN: true }),
        fc.integer({ min: 1, max: 40 }),
        (anyPolicy, work, start) => {
          // Requests wait once executors are busy for more than nine tenths of the time.
          const seen = (replicas: number): PoolLoad => {
            const isCrowded = work > 0.9 * replicas;
            return {
              requests: 1,
              queueMs: isCrowded ? anyPolicy.targetQueueMs * 3 : 0,
              busyExecutors: Math.min(work, replicas),
            };
          };
          let replicas = Math.min(Math.max(start, anyPolicy.minReplicas), anyPolicy.maxReplicas);
          let [calmSince, scaledAt]: (number | null)[] = [null, null];
          const directions: number[] = [];
          for (
            let now = 0;
            now < 100 * anyPolicy.scaleDownDelayMs;
            now += Math.max(6_000, anyPolicy.scaleDownDelayMs)
          ) {
            const current = {
              replicas,
              ready: replicas,
              room: 1_000,
              calmSince: calmSince ?? null,
              scaledAt: scaledAt ?? null,
            };
            const decision = decide(anyPolicy, current, seen(replicas), now);
            if (decision.replicas !== replicas) {
              directions.push(Math.sign(decision.replicas - replicas));
              scaledAt = now;
            }
            ({ replicas, calmSince } = decision);
          }
          const turns = directions.filter((direction, index) => index > 0 && direction !== directions[index - 1]);
          expect(turns.length).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});

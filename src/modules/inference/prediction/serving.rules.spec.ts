import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServingPolicy } from '../../registry/serving/serving-policy.js';
import { backgroundDescriptorOf, descriptorOf, placementOf, timeoutWithin } from './serving.rules.js';

const served = (policy: ServingPolicy, batchable = true) => ({
  batchable,
  serving: { residency: 'ON_DEMAND', policy, revision: 1 } as const,
});
const plain = { batchable: true, serving: null };

describe('descriptorOf', () => {
  it('makes nothing new where nothing was said', () => {
    expect(descriptorOf(plain)).toEqual({ batchable: true });
    expect(descriptorOf(plain, 3)).toBe(descriptorOf(plain));
    expect(descriptorOf({ ...plain, batchable: false })).toEqual({ batchable: false });
  });

  it('keeps priorities within their levels', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.option(fc.integer({ min: 1 })), (priorityLevels, priority) => {
        const version = served({ priorityLevels, defaultPriority: 1 });
        const { priority: found = NaN } = descriptorOf(version, priority);
        expect(found).toBe(Math.min(priority ?? 1, priorityLevels));
        expect(backgroundDescriptorOf(version).priority).toBe(priorityLevels);
      }),
    );
  });

  it('tells the rules of batches', () => {
    const policy = { maxBatchRows: 8, batchDelayMs: 5 };
    expect(descriptorOf(served(policy), 2)).toEqual({ batchable: true, ...policy, priority: undefined });
    expect(descriptorOf(served({ batchDelayMs: 0 })).batchDelayMs).toBeUndefined();
  });
});

describe('placementOf', () => {
  it('is said only where not all executors may run a version', () => {
    expect(placementOf(plain)).toBeUndefined();
    expect(placementOf(served({ minInstances: 2 }))).toBeUndefined();
    const version = served({ device: 'CUDA' });
    expect(placementOf(version)).toBe(version.serving.policy);
  });
});

describe('timeoutWithin', () => {
  it('is what was asked for, else the default, and never beyond the maximum', () => {
    const times = fc.option(fc.integer({ min: 1, max: 1_000 }), { nil: undefined });
    fc.assert(
      fc.property(times, times, times, (asked, defaultTimeoutMs, maxTimeoutMs) => {
        const policy = {
          ...(defaultTimeoutMs !== undefined && { defaultTimeoutMs }),
          ...(maxTimeoutMs !== undefined && { maxTimeoutMs }),
        };
        const wanted = asked ?? defaultTimeoutMs ?? 500;
        expect(timeoutWithin(served(policy), asked, 500)).toBe(Math.min(wanted, maxTimeoutMs ?? wanted));
        expect(timeoutWithin(plain, asked, 500)).toBe(asked ?? 500);
      }),
    );
  });
});

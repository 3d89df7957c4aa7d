import type { PlacementPolicy, ServingPolicy } from '../../registry/serving/serving-policy.js';
import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import type { ModelDescriptor } from '../protocol/messages.js';

type Served = Pick<ServableVersion, 'batchable' | 'serving'>;

const BATCHABLE: ModelDescriptor = { batchable: true };
const ALONE: ModelDescriptor = { batchable: false };

/** What an executor must know of a version, and of one request of it. @param priority that the request names. */
export function descriptorOf({ batchable, serving }: Served, priority?: number | null): ModelDescriptor {
  if (serving === null) return batchable ? BATCHABLE : ALONE;
  const { maxBatchRows, batchDelayMs = 0 } = serving.policy;
  return {
    batchable,
    maxBatchRows,
    batchDelayMs: batchDelayMs > 0 ? batchDelayMs : undefined,
    priority: priorityWithin(serving.policy, priority),
  };
}

/** Work that nobody waits for has the lowest priority. */
export function backgroundDescriptorOf(version: Served): ModelDescriptor {
  return descriptorOf(version, Infinity);
}

/** A number beyond the levels is the lowest of them, as those who name a deployment cannot know a version's. */
function priorityWithin(
  { priorityLevels, defaultPriority }: ServingPolicy,
  priority: number | null | undefined,
): number | undefined {
  if (priorityLevels === undefined) return undefined;
  return Math.min(priority ?? defaultPriority ?? 1, priorityLevels);
}

/** Which executors may run a version; undefined for all. */
export function placementOf({ serving }: Served): PlacementPolicy | undefined {
  if (serving === null) return undefined;
  const { policy } = serving;
  return policy.maxInstances === undefined && policy.device === undefined ? undefined : policy;
}

/**
 * Time allowed for a request, in milliseconds.
 * @param asked of the request, if any.
 * @param fallback where neither request nor policy say something.
 */
export function timeoutWithin({ serving }: Served, asked: number | null | undefined, fallback: number): number {
  if (serving === null) return asked ?? fallback;
  const { defaultTimeoutMs, maxTimeoutMs = Infinity } = serving.policy;
  return Math.min(asked ?? defaultTimeoutMs ?? fallback, maxTimeoutMs);
}

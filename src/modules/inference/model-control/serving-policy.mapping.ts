import type { ServingPolicy } from '../../registry/serving/serving-policy.js';
import type { SetServingPolicyInput } from './dto/serving-policy.input.js';

type Fields = { readonly [Name in keyof ServingPolicy]: ServingPolicy[Name] | null | undefined };

/** Nulls mean the same as nothing and are not kept. */
export function policyOf(input: SetServingPolicyInput): ServingPolicy {
  const { instances, priorities, deadline, device, cache } = input;
  const fields: Fields = {
    maxBatchRows: input.maxBatchRows,
    batchDelayMs: input.batchDelayMs,
    minInstances: instances?.min,
    maxInstances: instances?.max,
    priorityLevels: priorities?.levels,
    defaultPriority: priorities && (priorities.default ?? Math.ceil(priorities.levels / 2)),
    queueLimit: input.queueLimit,
    defaultTimeoutMs: deadline?.defaultMs,
    maxTimeoutMs: deadline?.maxMs,
    device: device?.kind,
    isDeviceRequired: device && (device.required ?? false),
    cacheBytes: cache?.maxBytes,
    cacheTtlMs: cache?.ttlMs,
  };
  const given = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(given);
}

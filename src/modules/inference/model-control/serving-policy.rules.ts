import { CodedError } from '../../../common/errors/coded-error.js';
import type { ServingPolicy } from '../../registry/serving/serving-policy.js';

/** What the installation allows. */
export interface ServingLimits {
  readonly maxBatchRows: number;
  readonly maxTimeoutMs: number;
  readonly cacheBytes: number;
}

/**
 * Holds a policy against itself, its model and the installation.
 * @throws {CodedError} INVALID_INPUT with everything that does not fit.
 */
export function assertPolicyFits(policy: ServingPolicy, batchable: boolean, limits: ServingLimits): void {
  const problems = [
    ...batchProblems(policy, batchable, limits),
    ...orderProblems(policy),
    ...limitProblems(policy, limits),
  ];
  if (problems.length > 0) throw new CodedError('INVALID_INPUT', `${problems.join('; ')}.`);
}

function batchProblems(
  { maxBatchRows, batchDelayMs = 0 }: ServingPolicy,
  batchable: boolean,
  limits: ServingLimits,
): string[] {
  const problems: string[] = [];
  if (maxBatchRows !== undefined && maxBatchRows > limits.maxBatchRows) {
    problems.push(
      `maxBatchRows: is ${maxBatchRows}; executors take at most ${limits.maxBatchRows} (NESTOR_EXECUTOR_MAX_BATCH_ROWS)`,
    );
  }
  if (!batchable && (maxBatchRows !== undefined || batchDelayMs > 0)) {
    problems.push('maxBatchRows, batchDelayMs: rows of this model are not joined (it is not batchable)');
  }
  return problems;
}

function orderProblems(policy: ServingPolicy): string[] {
  const { minInstances, maxInstances, priorityLevels, defaultPriority, defaultTimeoutMs, maxTimeoutMs } = policy;
  const problems: string[] = [];
  if (isAbove(minInstances, maxInstances)) problems.push(`instances: min ${minInstances} is above max ${maxInstances}`);
  if (isAbove(defaultPriority, priorityLevels)) {
    problems.push(`priorities.default: is ${defaultPriority}; there are ${priorityLevels} levels`);
  }
  if (isAbove(defaultTimeoutMs, maxTimeoutMs)) {
    problems.push(`deadline: defaultMs ${defaultTimeoutMs} is above maxMs ${maxTimeoutMs}`);
  }
  const shortest = defaultTimeoutMs ?? maxTimeoutMs;
  if (shortest !== undefined && isAbove(policy.batchDelayMs, shortest - 1)) {
    problems.push(`batchDelayMs: is ${policy.batchDelayMs}; requests have ${shortest} ms in all`);
  }
  return problems;
}

function limitProblems({ defaultTimeoutMs, maxTimeoutMs, cacheBytes }: ServingPolicy, limits: ServingLimits): string[] {
  const problems: string[] = [];
  for (const [name, value] of Object.entries({ defaultMs: defaultTimeoutMs, maxMs: maxTimeoutMs })) {
    if (!isAbove(value, limits.maxTimeoutMs)) continue;
    problems.push(`deadline.${name}: is ${value}; at most ${limits.maxTimeoutMs} (NESTOR_PREDICT_MAX_TIMEOUT_MS)`);
  }
  if (isAbove(cacheBytes, limits.cacheBytes)) {
    problems.push(
      `cache.maxBytes: is ${cacheBytes}; all caches of a process have ${limits.cacheBytes} (NESTOR_RESPONSE_CACHE_BYTES)`,
    );
  }
  return problems;
}

const isAbove = (value: number | undefined, limit: number | undefined): boolean =>
  value !== undefined && limit !== undefined && value > limit;

import { CodedError } from '../errors/coded-error.js';
import type { ErrorCode } from '../errors/error-table.js';

/** What becomes of a job after an attempt that failed. */
export type AttemptOutcome =
  | { readonly kind: 'RETRY'; readonly code: ErrorCode; readonly message: string; readonly delayMs: number }
  | { readonly kind: 'DEAD' | 'FAILED'; readonly code: ErrorCode; readonly message: string };

/** Faults that lie with the moment, not with the input: the same job may well succeed later. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'EXECUTOR_LOST',
  'EXECUTORS_UNAVAILABLE',
  'OVERLOADED',
  'DEADLINE_EXCEEDED',
  'MODEL_QUARANTINED',
  'MODEL_UNLOADED',
  'SERVICE_UNAVAILABLE',
  'SHUTTING_DOWN',
  'STORAGE_FULL',
  'INTERNAL_SERVER_ERROR',
]);

/** Longest wait between two attempts, in milliseconds. */
const MAX_BACKOFF_MS = 15 * 60_000;

/**
 * Decides what follows a failed attempt.
 * @param attempt number of the attempt that failed, from 1.
 * @param random from 0 up to 1.
 */
export function outcomeOfFailure(
  thrown: unknown,
  attempt: number,
  maxAttempts: number,
  backoffMs: number,
  random: number,
): AttemptOutcome {
  const { code, message } = describeFailure(thrown);
  if (!passing.has(code)) return { kind: 'FAILED', code, message };
  if (attempt >= maxAttempts) return { kind: 'DEAD', code, message };
  const hint = thrown instanceof CodedError ? (thrown.retryAfterMs ?? 0) : 0;
  return { kind: 'RETRY', code, message, delayMs: Math.max(hint, backoffDelay(attempt, backoffMs, random)) };
}

/** Doubles with each attempt; "equal jitter" (half fixed, half random) keeps the callers of one outage apart. */
export function backoffDelay(attempt: number, backoffMs: number, random: number): number {
  const full = Math.min(MAX_BACKOFF_MS, backoffMs * 2 ** Math.min(attempt - 1, 30));
  return Math.round(full / 2 + (full / 2) * random);
}

function describeFailure(thrown: unknown): { code: ErrorCode; message: string } {
  if (thrown instanceof CodedError) return { code: thrown.code, message: thrown.message };
  return {
    code: 'INTERNAL_SERVER_ERROR',
    message: 'Something failed inside while this job ran. The log has the cause.',
  };
}

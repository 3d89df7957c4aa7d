import { randomUUID } from 'node:crypto';
import type { ErrorCode } from '../errors/error-table.js';
import { type AttemptOutcome, outcomeOfFailure } from './attempt.rules.js';

/** A failed attempt as its row tells of it. */
export interface FailedAttempt {
  readonly kind: AttemptOutcome['kind'];
  readonly errorCode: ErrorCode;
  readonly errorMessage: string;
  /** Milliseconds until the next attempt; 0 where none follows. */
  readonly delayMs: number;
}

export interface AttemptNumbers {
  /** Number of the attempt that failed, from 1. */
  readonly attempt: number;
  readonly maxAttempts: number;
  /** Wait before the second attempt, in milliseconds. */
  readonly backoffMs: number;
}

/**
 * Decides what follows a failed attempt, and puts it into the form of a row.
 * @param logUnexpected is given what is known of a failure that has no code.
 */
export function failedAttempt(
  thrown: unknown,
  { attempt, maxAttempts, backoffMs }: AttemptNumbers,
  logUnexpected: (facts: { readonly err: unknown; readonly errorId: string }) => void,
): FailedAttempt {
  const outcome = outcomeOfFailure(thrown, attempt, maxAttempts, backoffMs, Math.random());
  const { kind, code, message } = outcome;
  if (code === 'INTERNAL_SERVER_ERROR') logUnexpected({ err: thrown, errorId: randomUUID() });
  return {
    kind,
    errorCode: code,
    // PostgreSQL's text holds no NUL.
    errorMessage: message.replaceAll('\0', ''),
    delayMs: outcome.kind === 'RETRY' ? outcome.delayMs : 0,
  };
}

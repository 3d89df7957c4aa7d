import { createHash } from 'node:crypto';
import { CodedError } from '../../../common/errors/coded-error.js';
import { checkKey, isGiven, type PredictionRequest } from '../prediction/request.rules.js';

/** A request for a queued inference. */
export interface Submission extends PredictionRequest {
  readonly priority?: number | null | undefined;
  readonly maxAttempts?: number | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
}

export const MAX_PRIORITY = 9;
export const MAX_ATTEMPTS = 100;
const MAX_KEY_LENGTH = 255;

/** @throws {CodedError} INVALID_INPUT. */
export function checkSubmission({ priority, maxAttempts, idempotencyKey }: Submission): void {
  checkRange('priority', priority, 0, MAX_PRIORITY);
  checkRange('maxAttempts', maxAttempts, 1, MAX_ATTEMPTS);
  if (isGiven(idempotencyKey)) checkKey('idempotencyKey', idempotencyKey, MAX_KEY_LENGTH);
}

function checkRange(name: string, value: number | null | undefined, minimum: number, maximum: number): void {
  if (isGiven(value) && (value < minimum || value > maximum)) {
    throw new CodedError('INVALID_INPUT', `${name}: is ${value}; give ${minimum} to ${maximum}.`);
  }
}

/**
 * SHA-256 of what was asked for, in hexadecimal: the same whatever the order of the fields in records and tensors. The
 * request's id does not count, as a repeated request may have another.
 */
export function hashSubmission(submission: Submission): string {
  const { model, version, alias, deployment, stickyKey, inputs, records, outputs, encoding } = submission;
  const { timeoutMs, priority, maxAttempts } = submission;
  const target = [model, version, alias, deployment, stickyKey];
  const asked = [...target, inputs, records, outputs, encoding, timeoutMs, priority, maxAttempts];
  return createHash('sha256')
    .update(
      JSON.stringify(
        asked.map((value) => value ?? null),
        sortKeys,
      ),
    )
    .digest('hex');
}

function sortKeys(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

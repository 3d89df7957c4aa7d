import { createHash } from 'node:crypto';
import { CodedError } from '../../../common/errors/coded-error.js';
import { MAX_PRIORITY } from '../jobs/submission.rules.js';
import type { ModelContract } from '../prediction/model-contract.js';
import { checkKey, isGiven } from '../prediction/request.rules.js';
import type { FileFormat } from './file-format.rules.js';
import { modelColumns } from './input/column-values.rules.js';

/** A request for a batch inference. */
export interface BatchSubmission {
  readonly model: string;
  readonly version?: number | null | undefined;
  readonly alias?: string | null | undefined;
  /** Digest of the file. */
  readonly input: string;
  readonly format?: FileFormat | null | undefined;
  readonly outputFormat?: FileFormat | null | undefined;
  readonly includeInput?: boolean | null | undefined;
  readonly chunkRows?: number | null | undefined;
  readonly idempotencyKey?: string | null | undefined;
  readonly priority?: number | null | undefined;
}

export const MAX_CHUNK_ROWS = 100_000;
const MAX_KEY_LENGTH = 255;

/** What does not depend on the model. @throws {CodedError} INVALID_INPUT. */
export function checkBatchSubmission({ version, alias, chunkRows, priority, idempotencyKey }: BatchSubmission): void {
  if (isGiven(version) && isGiven(alias)) {
    throw new CodedError('INVALID_INPUT', 'version, alias: give one of them, or neither for the default version.');
  }
  checkRange('chunkRows', chunkRows, 1, MAX_CHUNK_ROWS);
  checkRange('priority', priority, 0, MAX_PRIORITY);
  if (isGiven(idempotencyKey)) checkKey('idempotencyKey', idempotencyKey, MAX_KEY_LENGTH);
}

/**
 * Whether the model can be run row by row at all.
 * @throws {CodedError} INVALID_RECORD where it takes no records; INVALID_INPUT where it takes a fixed number of rows.
 */
export function checkTakesRows(model: ModelContract): void {
  modelColumns(model);
  const fixed = model.signature.inputs.find(({ shape: [rows = -1] }) => rows > 1);
  if (fixed === undefined) return;
  throw new CodedError(
    'INVALID_INPUT',
    `model: takes exactly ${fixed.shape[0]} rows at a time; batch inference needs one that takes 1 or any number.`,
  );
}

/** SHA-256 of what was asked for, in hexadecimal. */
export function hashBatchSubmission(submission: BatchSubmission): string {
  const { model, version, alias, input, format, outputFormat, includeInput, chunkRows, priority } = submission;
  const asked = [model, version, alias, input, format, outputFormat, includeInput, chunkRows, priority];
  return createHash('sha256')
    .update(JSON.stringify(asked.map((value) => value ?? null)))
    .digest('hex');
}

function checkRange(name: string, value: number | null | undefined, minimum: number, maximum: number): void {
  if (isGiven(value) && (value < minimum || value > maximum)) {
    throw new CodedError('INVALID_INPUT', `${name}: is ${value}; give ${minimum} to ${maximum}.`);
  }
}

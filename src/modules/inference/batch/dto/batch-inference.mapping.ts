import type { BatchRecord } from '../batch-inference.js';
import { progressOf } from '../batch-progress.rules.js';
import type { BatchInference } from './batch-inference.type.js';

/**
 * What clients see of a batch.
 * @param baseUrl URL under which clients reach the api; empty where it is not known.
 * @param now milliseconds since the epoch.
 */
export function toBatchInference(record: BatchRecord, baseUrl: string, now: number): BatchInference {
  const { id, status, model, version, outputFormat, includeInput, chunkRows, priority, idempotencyKey } = record;
  const { rowsTotal, rowsDone, rowsFailed, createdAt, startedAt, endedAt } = record;
  const { outputDigest: digest, outputSizeBytes, errorCode: code, errorMessage } = record;
  const url = `${baseUrl}/api/artifacts/${digest}`;
  return {
    id,
    status,
    model,
    version,
    input: record.inputDigest,
    format: record.inputFormat,
    outputFormat,
    includeInput,
    chunkRows,
    priority,
    idempotencyKey,
    rowsTotal,
    rowsDone,
    rowsFailed,
    ...progressOf(record, now),
    output: digest === null ? null : { digest, sizeBytes: outputSizeBytes ?? 0, url },
    error: code === null ? null : { code, message: errorMessage ?? '' },
    createdAt,
    startedAt,
    endedAt,
  };
}

import type { InputColumn } from './input/input-file.js';
import type { Digest } from '../../../common/storage/digest.js';
import type { Delivery } from '../../../common/queue/delivery.js';
import type { ChunkRange } from './chunk-cutter.js';
import type { BatchChunkEntity } from './entities/batch-chunk.entity.js';
import type { BatchInferenceEntity } from './entities/batch-inference.entity.js';

export type BatchRecord = BatchInferenceEntity;

/** What is known of a batch when it is submitted. */
export type NewBatch = Pick<
  BatchInferenceEntity,
  | 'id'
  | 'workspaceId'
  | 'modelVersionId'
  | 'model'
  | 'version'
  | 'inputDigest'
  | 'inputFormat'
  | 'outputFormat'
  | 'includeInput'
  | 'chunkRows'
  | 'priority'
  | 'maxAttempts'
  | 'requestId'
  | 'requestedBy'
  | 'idempotencyKey'
  | 'payloadHash'
>;

/** A batch whose present step this worker has taken on. */
export type ClaimedBatch = BatchRecord;

/** What splitting found out. */
export interface SplitFile {
  readonly columns: readonly InputColumn[];
  readonly rowsDigest: Digest;
  readonly spoolDigest: Digest | null;
  readonly rowsTotal: number;
  readonly chunksTotal: number;
}

/** A chunk that this worker has taken on, with what it needs of its batch. */
export interface ClaimedChunk extends Delivery, ChunkRange, Pick<BatchChunkEntity, 'batchId' | 'workspaceId'> {
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly priority: number;
  readonly model: string;
  readonly version: number;
  readonly inputFormat: BatchInferenceEntity['inputFormat'];
  readonly columns: readonly InputColumn[];
  readonly rowsDigest: Digest;
}

/** A batch as a statement left it, with what the queue needs where a step is to follow. */
export interface ChangedBatch extends Delivery {
  readonly status: BatchInferenceEntity['status'];
  readonly priority: number;
  readonly delayMs: number;
}

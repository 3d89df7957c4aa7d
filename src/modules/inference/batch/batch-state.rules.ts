/**
 * States of a batch inference. SPLITTING finds out where the rows of the file are, RUNNING runs its chunks, ASSEMBLING
 * writes the output.
 */
export const batchStatuses = [
  'QUEUED',
  'SPLITTING',
  'RUNNING',
  'ASSEMBLING',
  'SUCCEEDED',
  'FAILED',
  'CANCELLED',
] as const;

export type BatchStatus = (typeof batchStatuses)[number];

/**
 * Which state follows which. SPLITTING → QUEUED is another attempt; the ways from FAILED and CANCELLED are the retry that
 * somebody asked for, which goes on where the batch stood.
 */
const transitions: Readonly<Record<BatchStatus, readonly BatchStatus[]>> = {
  QUEUED: ['SPLITTING', 'CANCELLED'],
  SPLITTING: ['RUNNING', 'QUEUED', 'FAILED', 'CANCELLED'],
  RUNNING: ['ASSEMBLING', 'FAILED', 'CANCELLED'],
  ASSEMBLING: ['SUCCEEDED', 'FAILED', 'CANCELLED'],
  SUCCEEDED: [],
  FAILED: ['QUEUED', 'RUNNING', 'ASSEMBLING'],
  CANCELLED: ['QUEUED', 'RUNNING', 'ASSEMBLING'],
};

export function canBatchBecome(from: BatchStatus, to: BatchStatus): boolean {
  return transitions[from].includes(to);
}

const endings: ReadonlySet<BatchStatus> = new Set<BatchStatus>(['SUCCEEDED', 'FAILED', 'CANCELLED']);

/** Whether nothing more happens to the batch unless somebody asks for it. */
export function isBatchEnded(status: BatchStatus): boolean {
  return endings.has(status);
}

/** The states of which `cancelBatchInference` makes CANCELLED. */
export const cancellableBatchStatuses: readonly BatchStatus[] = batchStatuses.filter((status) =>
  canBatchBecome(status, 'CANCELLED'),
);

/** The states from which `retryBatchInference` goes on. */
export const retryableBatchStatuses: readonly BatchStatus[] = batchStatuses.filter(
  (status) => isBatchEnded(status) && canBatchBecome(status, 'QUEUED'),
);

/** What is known of an ended batch's chunks. */
export interface ChunkProgress {
  /** Null while the file was not split to its end. */
  readonly chunksTotal: number | null;
  readonly chunksDone: number;
}

/** Where an ended batch goes on: what was finished is not done again. */
export function resumedStatus({ chunksTotal, chunksDone }: ChunkProgress): BatchStatus {
  if (chunksTotal === null) return 'QUEUED';
  return chunksDone < chunksTotal ? 'RUNNING' : 'ASSEMBLING';
}

/** States of one chunk. FAILED: its attempts are used up, or its input can never be run. */
export const chunkStatuses = ['QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED'] as const;

export type ChunkStatus = (typeof chunkStatuses)[number];

/** The queues of Nestor. A queue without full settings does not compile. */
export const queueNames = [
  'inference',
  'batch-steps',
  'batch-chunks',
  'data-collections',
  'feature-materializations',
  'historical-features',
] as const;

export type QueueName = (typeof queueNames)[number];

/**
 * How a queue carries. It remembers no job that has ended: the row in PostgreSQL is the record, and a job that is queued
 * again must not be taken for one that the queue still knows.
 */
export interface QueueSettings {
  /** Name of the one job kind this queue carries. */
  readonly job: string;
  /** How long a worker owns a job without renewing it, in milliseconds. */
  readonly lockDurationMs: number;
  /** How often stalled jobs are looked for, in milliseconds. */
  readonly stalledIntervalMs: number;
  /** How often the queue itself hands a job out again whose worker is gone; what is beyond that the record's sweeper does. */
  readonly maxStalledCount: number;
  /** Wait before a worker asks again after the queue could not be reached, in milliseconds. */
  readonly retryDelayMs: number;
}

export const queues: Readonly<Record<QueueName, QueueSettings>> = {
  inference: {
    job: 'run-inference',
    lockDurationMs: 15_000,
    stalledIntervalMs: 5_000,
    maxStalledCount: 3,
    retryDelayMs: 1_000,
  },
  'batch-steps': {
    job: 'run-batch-step',
    lockDurationMs: 15_000,
    stalledIntervalMs: 5_000,
    maxStalledCount: 3,
    retryDelayMs: 1_000,
  },
  'batch-chunks': {
    job: 'run-batch-chunk',
    lockDurationMs: 15_000,
    stalledIntervalMs: 5_000,
    maxStalledCount: 3,
    retryDelayMs: 1_000,
  },
  'data-collections': {
    job: 'run-data-collection',
    lockDurationMs: 15_000,
    stalledIntervalMs: 5_000,
    maxStalledCount: 3,
    retryDelayMs: 1_000,
  },
  'feature-materializations': {
    job: 'run-feature-materialization',
    lockDurationMs: 15_000,
    stalledIntervalMs: 5_000,
    maxStalledCount: 3,
    retryDelayMs: 1_000,
  },
  'historical-features': {
    job: 'get-historical-features',
    lockDurationMs: 15_000,
    stalledIntervalMs: 5_000,
    maxStalledCount: 3,
    retryDelayMs: 1_000,
  },
};

/** The queues of Nestor. A queue without full settings does not compile. */
export const queueNames = ['inference'] as const;

export type QueueName = (typeof queueNames)[number];

export interface QueueSettings {
  /** Name of the one job kind this queue carries. */
  readonly job: string;
  /** How long a worker owns a job without renewing it, in milliseconds. */
  readonly lockDurationMs: number;
  /** How often stalled jobs are looked for, in milliseconds. */
  readonly stalledIntervalMs: number;
  /** How many ended jobs the queue remembers; the row in PostgreSQL is the record. */
  readonly keepCompleted: number;
  readonly keepFailed: number;
}

export const queues: Readonly<Record<QueueName, QueueSettings>> = {
  inference: {
    job: 'run-inference',
    lockDurationMs: 15_000,
    stalledIntervalMs: 5_000,
    keepCompleted: 1_000,
    keepFailed: 1_000,
  },
};

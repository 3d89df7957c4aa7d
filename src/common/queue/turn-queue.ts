import { randomUUID } from 'node:crypto';
import type { BulkJobOptions, Queue } from 'bullmq';
import type { Logger } from 'pino';
import { type QueueName, queues } from './queues.js';
import type { Delivery, QueuedDelivery } from './delivery.js';
import { inFrontOf, packsOf, queuePriority, turnsToData } from './pack.rules.js';

/** Longest wait for the queue to take jobs, in milliseconds: their rows are written, the sweeper sees to the rest. */
const ADD_TIMEOUT_MS = 3_000;

/** A Bull queue that carries turns of rows: ids and generations. What it loses is queued again by a sweeper. */
export abstract class TurnQueue {
  constructor(
    readonly name: QueueName,
    private readonly queue: Queue,
    private readonly logger: Logger,
  ) {
    queue.on('error', (err) => this.logger.warn({ err, queue: name }, 'a queue is not reachable'));
  }

  /**
   * Queues turns of jobs, those of a pack as one; what the queue knows already stays as it is. Never fails.
   * @returns whether the queue took them.
   */
  async add(deliveries: readonly QueuedDelivery[]): Promise<boolean> {
    return this.addJobs(
      packsOf(deliveries).map(({ id, priority, delayMs, turns }) => ({
        data: turnsToData(turns),
        opts: { jobId: id, priority: queuePriority(priority), delay: Math.round(delayMs) },
      })),
    );
  }

  /**
   * Puts turns in front of all others of their priority. Never fails.
   * @param priority of the queue job that brought them, as the queue tells it.
   */
  async putBack(turns: readonly Delivery[], priority: number): Promise<void> {
    // An id of its own: the job that brought them has not ended yet.
    await this.addJobs([
      { data: turnsToData(turns), opts: { jobId: randomUUID(), priority: inFrontOf(priority), delay: 0 } },
    ]);
  }

  private async addJobs(jobs: readonly { readonly data: object; readonly opts: BulkJobOptions }[]): Promise<boolean> {
    if (jobs.length === 0) return true;
    const { job: name } = queues[this.name];
    try {
      await within(ADD_TIMEOUT_MS, this.queue.addBulk(jobs.map((job) => ({ name, ...job }))));
      return true;
    } catch (err) {
      this.logger.warn(
        { err, queue: this.name, jobs: jobs.length },
        'jobs could not be queued now; the sweeper queues them again',
      );
      return false;
    }
  }

  /** Queue jobs that wait, for a worker or for their moment. */
  async depth(): Promise<number> {
    return within(ADD_TIMEOUT_MS, this.queue.getJobCountByTypes('waiting', 'prioritized', 'delayed'));
  }
}

async function within<Result>(milliseconds: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The queue did not answer within ${milliseconds} ms.`)), milliseconds);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

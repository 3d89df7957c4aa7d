import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { type QueueName, queues } from './queues.js';
import type { Delivery, QueuedDelivery } from './delivery.js';

/** Priority 9 comes first; BullMQ takes the lowest number first and keeps 0 for jobs that have none. */
const LOWEST_BULL_PRIORITY = 10;

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
   * Queues turns of jobs; one that the queue knows already stays as it is. Never fails.
   * @returns whether the queue took them.
   */
  async add(deliveries: readonly QueuedDelivery[]): Promise<boolean> {
    if (deliveries.length === 0) return true;
    const jobs = deliveries.map(({ id, generation, priority, delayMs }) => ({
      name: queues[this.name].job,
      data: { id, generation } satisfies Delivery,
      opts: { jobId: `${id}-${generation}`, priority: LOWEST_BULL_PRIORITY - priority, delay: Math.round(delayMs) },
    }));
    try {
      await within(ADD_TIMEOUT_MS, this.queue.addBulk(jobs));
      return true;
    } catch (err) {
      this.logger.warn(
        { err, queue: this.name, jobs: jobs.length },
        'jobs could not be queued now; the sweeper queues them again',
      );
      return false;
    }
  }

  /** Jobs that wait in the queue, for a worker or for their moment. */
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

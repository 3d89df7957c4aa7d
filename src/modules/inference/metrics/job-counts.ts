import { Injectable } from '@nestjs/common';
import { Remembered } from '../../../common/concurrency/remembered.js';
import type { QueueName } from '../../../common/queue/queues.js';
import { BatchChunkQueue, BatchStepQueue } from '../batch/batch-queues.js';
import { InferenceQueue } from '../jobs/inference-queue.js';
import { JobExecutionRepository } from '../jobs/job-execution.repository.js';
import type { JobStatus } from '../jobs/job-state.rules.js';

/** However many ask, the database is asked this seldom, in milliseconds. */
const FRESH_MS = 5_000;

/** States that an index counts; the number of jobs that ended is a counter's business. */
const counted: readonly JobStatus[] = ['QUEUED', 'RUNNING', 'DEAD'];

/** Counts of jobs for the metrics: a few seconds old, and those of before while nothing can be read. */
@Injectable()
export class JobCounts {
  private readonly statuses: Remembered<readonly (readonly [JobStatus, number])[]>;
  private readonly queueDepths: readonly (readonly [QueueName, Remembered<number>])[];

  constructor(
    repository: JobExecutionRepository,
    inference: InferenceQueue,
    batchSteps: BatchStepQueue,
    batchChunks: BatchChunkQueue,
  ) {
    this.statuses = new Remembered(FRESH_MS, () =>
      Promise.all(counted.map(async (status) => [status, await repository.count(status)] as const)),
    );
    this.queueDepths = [inference, batchSteps, batchChunks].map((queue) => [
      queue.name,
      new Remembered(FRESH_MS, () => queue.depth()),
    ]);
  }

  async byStatus(): Promise<readonly (readonly [JobStatus, number])[]> {
    return (await this.statuses.get()) ?? [];
  }

  /** Jobs that wait in each queue; null while the queue has never answered. */
  async depths(): Promise<readonly (readonly [QueueName, number | null])[]> {
    return Promise.all(this.queueDepths.map(async ([queue, depth]) => [queue, await depth.get()] as const));
  }
}

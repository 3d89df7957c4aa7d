import { Injectable } from '@nestjs/common';
import { InferenceQueue } from '../jobs/inference-queue.js';
import { JobExecutionRepository } from '../jobs/job-execution.repository.js';
import type { JobStatus } from '../jobs/job-state.rules.js';
import { Remembered } from './remembered.js';

/** However many ask, the database is asked this seldom, in milliseconds. */
const FRESH_MS = 5_000;

/** States that an index counts; the number of jobs that ended is a counter's business. */
const counted: readonly JobStatus[] = ['QUEUED', 'RUNNING', 'DEAD'];

/** Counts of jobs for the metrics: a few seconds old, and those of before while nothing can be read. */
@Injectable()
export class JobCounts {
  private readonly statuses: Remembered<readonly (readonly [JobStatus, number])[]>;
  private readonly queueDepth: Remembered<number>;

  constructor(repository: JobExecutionRepository, queue: InferenceQueue) {
    this.statuses = new Remembered(FRESH_MS, () =>
      Promise.all(counted.map(async (status) => [status, await repository.count(status)] as const)),
    );
    this.queueDepth = new Remembered(FRESH_MS, () => queue.depth());
  }

  async byStatus(): Promise<readonly (readonly [JobStatus, number])[]> {
    return (await this.statuses.get()) ?? [];
  }

  /** Null while the queue has never answered. */
  async depth(): Promise<number | null> {
    return this.queueDepth.get();
  }
}

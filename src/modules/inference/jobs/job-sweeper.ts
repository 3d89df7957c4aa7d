import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { whileAlone } from '../../../common/database/while-alone.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { InferenceQueue } from './inference-queue.js';
import { JobAnnouncements } from './job-announcements.js';
import { JobExecutionRepository } from './job-execution.repository.js';

/** Rows of one statement. */
const BATCH = 1_000;

/** Batches of one sweep; the next sweep goes on where it ended. */
const MAX_BATCHES = 50;

/** While the queue knows as many jobs as wait, each is checked this seldom, in milliseconds. */
const RECHECK_MS = 5 * 60_000;

/**
 * Makes sure that every acknowledged job ends, whatever the queue or a worker forgot: PostgreSQL is the record, and
 * this compares the world with it.
 */
@Injectable()
export class JobSweeper implements OnApplicationBootstrap {
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @InjectDataSource() dataSource: DataSource,
    private readonly repository: JobExecutionRepository,
    private readonly queue: InferenceQueue,
    private readonly announcements: JobAnnouncements,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      settings.NESTOR_JOB_SWEEP_MS,
      () => whileAlone(dataSource, 'jobSweep', () => this.sweepOnce()),
      (err) => logger.warn({ err }, 'inference jobs could not be swept'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    await this.task.stop();
  }

  /** Never fails: what could not be done now is done by the next sweep. */
  async sweep(): Promise<void> {
    await this.task.run();
  }

  private async sweepOnce(): Promise<void> {
    await this.takeFromLostWorkers();
    await this.requeueForgotten();
    await this.deleteOld();
  }

  private async takeFromLostWorkers(): Promise<void> {
    await inBatches(async () => {
      const lost = await this.repository.takeFromLostWorkers(
        {
          errorCode: 'EXECUTOR_LOST',
          errorMessage: 'The worker that ran this job ended, or was cut off, before it could record the result.',
          backoffMs: this.settings.NESTOR_JOB_BACKOFF_MS,
        },
        BATCH,
      );
      if (lost.length > 0) this.logger.warn({ jobs: lost.length }, 'took inference jobs from workers that are gone');
      this.announcements.announce(lost);
      const isQueued = await this.queue.add(lost.filter(({ status }) => status === 'QUEUED'));
      return isQueued && lost.length === BATCH;
    });
  }

  /**
   * Where the queue knows fewer jobs than bring what waits, it lost some: all that were not queued just now are queued
   * again, which changes nothing for those it knows.
   */
  private async requeueForgotten(): Promise<void> {
    const [waiting, known] = await Promise.all([this.repository.countQueueJobs(), this.queue.depth()]);
    const checkAfterMs = known < waiting ? this.settings.NESTOR_JOB_SWEEP_MS : RECHECK_MS;
    await inBatches(async () => {
      const forgotten = await this.repository.takeLongQueued(checkAfterMs, BATCH);
      const isQueued = await this.queue.add(forgotten);
      return isQueued && forgotten.length >= BATCH;
    });
  }

  private async deleteOld(): Promise<void> {
    await inBatches(
      async () => (await this.repository.deleteEndedBefore(this.settings.NESTOR_JOB_RETENTION_DAYS, BATCH)) === BATCH,
    );
  }
}

/** Repeats a step while it says that there is more. */
async function inBatches(step: () => Promise<boolean>): Promise<void> {
  for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
    if (!(await step())) return;
  }
}

import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { PeriodicTask } from '../../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { whileAlone } from '../../../../common/database/while-alone.js';
import { LOGGER } from '../../../../common/observability/logger.js';
import { ArtifactStore } from '../../../../common/storage/artifact-store.js';
import { BatchChunkRepository } from '../batch-chunk.repository.js';
import { BatchDispatch } from '../batch-dispatch.js';
import { BatchChunkQueue, BatchStepQueue } from '../batch-queues.js';
import { BatchStepRepository } from '../batch-step.repository.js';

/** Rows of one statement; the next sweep goes on where it ended. */
const LIMIT = 1_000;

/** While the queue knows as many chunks as wait, each is checked this seldom, in milliseconds. */
const RECHECK_MS = 5 * 60_000;

const LOST = 'The worker that had this ended, or was cut off, before it could record the result.';

/** Makes sure that every acknowledged batch ends, whatever the queue or a worker forgot. PostgreSQL is the record. */
@Injectable()
export class BatchSweeper implements OnApplicationBootstrap {
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @InjectDataSource() dataSource: DataSource,
    private readonly steps: BatchStepRepository,
    private readonly chunks: BatchChunkRepository,
    private readonly stepQueue: BatchStepQueue,
    private readonly chunkQueue: BatchChunkQueue,
    private readonly dispatch: BatchDispatch,
    private readonly store: ArtifactStore,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      settings.NESTOR_JOB_SWEEP_MS,
      () => whileAlone(dataSource, 'batchSweep', () => this.sweepOnce()),
      (err) => logger.warn({ err }, 'batch inferences could not be swept'),
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
    await this.dropSpools();
    await this.steps.deleteEndedBefore(this.settings.NESTOR_JOB_RETENTION_DAYS, LIMIT);
  }

  private async takeFromLostWorkers(): Promise<void> {
    const backoffMs = this.settings.NESTOR_JOB_BACKOFF_MS;
    const lost = await this.chunks.takeFromLostWorkers(LOST, backoffMs, LIMIT);
    if (lost.taken > 0) this.logger.warn({ chunks: lost.taken }, 'took chunks of batches from workers that are gone');
    await this.chunkQueue.add(lost.next);
    for (const batch of lost.batches) await this.dispatch.progressed(batch);
    for (const batch of await this.steps.takeFromLostWorkers(LOST, backoffMs)) await this.dispatch.dispatch(batch);
  }

  /**
   * Where the queue knows fewer than wait, it lost some: all that were not queued just now are queued again, which changes
   * nothing for those it knows.
   */
  private async requeueForgotten(): Promise<void> {
    const { NESTOR_JOB_SWEEP_MS: sweepMs } = this.settings;
    await this.stepQueue.add(await this.steps.takeLongQueued(sweepMs));
    const [waiting, known] = await Promise.all([this.chunks.countWaiting(), this.chunkQueue.depth()]);
    const checkAfterMs = known < waiting ? sweepMs : RECHECK_MS;
    await this.chunkQueue.add(await this.chunks.takeLongQueued(checkAfterMs, LIMIT));
  }

  private async dropSpools(): Promise<void> {
    for (const { id, spoolDigest } of await this.steps.idleSpools(this.settings.NESTOR_JOB_RETENTION_DAYS, LIMIT)) {
      await this.store.delete(spoolDigest);
      await this.steps.forgetSpool(id);
    }
  }
}

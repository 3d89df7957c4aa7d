import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { whileAlone } from '../../../common/database/while-alone.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { CollectionQueue } from './collection-queue.js';
import { CollectionRunRepository } from './collection-run.repository.js';

const LOST = 'The worker that had this ended, or was cut off, before it could record the result.';

/** Makes sure that every acknowledged collection ends, whatever the queue or a worker forgot. PostgreSQL is the record. */
@Injectable()
export class CollectionSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @InjectDataSource() dataSource: DataSource,
    private readonly runs: CollectionRunRepository,
    private readonly queue: CollectionQueue,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      settings.NESTOR_JOB_SWEEP_MS,
      () => whileAlone(dataSource, 'dataCollectionSweep', () => this.sweepOnce()),
      (err) => logger.warn({ err }, 'collections could not be swept'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** Never fails: what could not be done now is done by the next sweep. */
  async sweep(): Promise<void> {
    await this.task.run();
  }

  private async sweepOnce(): Promise<void> {
    const lost = await this.runs.takeFromLostWorkers(LOST);
    if (lost.length > 0) this.logger.warn({ collections: lost.length }, 'took collections from workers that are gone');
    await this.queue.add([...lost, ...(await this.runs.takeLongQueued(this.settings.NESTOR_JOB_SWEEP_MS))]);
  }
}

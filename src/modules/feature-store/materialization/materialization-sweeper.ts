import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { whileAlone } from '../../../common/database/while-alone.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { MaterializationQueue } from './materialization-queue.js';
import { MaterializationRunRepository } from './materialization-run.repository.js';

const LOST = 'The worker that had this ended, or was cut off, before it could record the result.';

/** Makes sure that every acknowledged materialization ends. PostgreSQL is the record. */
@Injectable()
export class MaterializationSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @InjectDataSource() dataSource: DataSource,
    private readonly runs: MaterializationRunRepository,
    private readonly queue: MaterializationQueue,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      settings.NESTOR_JOB_SWEEP_MS,
      () => whileAlone(dataSource, 'materializationSweep', () => this.sweep()),
      (err) => logger.warn({ err }, 'materializations could not be swept'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  private async sweep(): Promise<void> {
    const lost = await this.runs.takeFromLostWorkers(LOST);
    if (lost.length > 0)
      this.logger.warn({ materializations: lost.length }, 'took materializations from workers that are gone');
    await this.queue.add([...lost, ...(await this.runs.takeLongQueued(this.settings.NESTOR_JOB_SWEEP_MS))]);
  }
}

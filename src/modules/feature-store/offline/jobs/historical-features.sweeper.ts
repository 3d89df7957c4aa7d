import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { PeriodicTask } from '../../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { whileAlone } from '../../../../common/database/while-alone.js';
import { LOGGER } from '../../../../common/observability/logger.js';
import { HistoricalFeaturesJobRepository } from './historical-features-job.repository.js';
import { HistoricalFeaturesQueue } from './historical-features-queue.js';

/** Makes sure that every acknowledged job ends, whatever the queue or a worker forgot. PostgreSQL is the record. */
@Injectable()
export class HistoricalFeaturesSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @InjectDataSource() dataSource: DataSource,
    private readonly jobs: HistoricalFeaturesJobRepository,
    private readonly queue: HistoricalFeaturesQueue,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      settings.NESTOR_JOB_SWEEP_MS,
      () => whileAlone(dataSource, 'historicalFeaturesSweep', () => this.sweepOnce()),
      (err) => logger.warn({ err }, 'jobs of historical features could not be swept'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  private async sweepOnce(): Promise<void> {
    const { lost, late } = await this.jobs.takeForgotten(this.settings.NESTOR_JOB_SWEEP_MS);
    if (lost.length > 0) this.logger.warn({ jobs: lost.length }, 'took jobs from workers that are gone');
    await this.queue.add([...lost, ...late]);
    await this.jobs.forgetUsages();
  }
}

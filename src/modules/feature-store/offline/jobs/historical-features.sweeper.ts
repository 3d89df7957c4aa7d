import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { LOGGER } from '../../../../common/observability/logger.js';
import { LeasedRowsSweeper } from '../../../../common/queue/leased-rows-sweeper.js';
import type { HistoricalFeaturesJobEntity } from './entities/historical-features-job.entity.js';
import { HistoricalFeaturesJobRepository } from './historical-features-job.repository.js';
import { HistoricalFeaturesLeases } from './historical-features-leases.js';
import { HistoricalFeaturesQueue } from './historical-features-queue.js';

/** Makes sure that every acknowledged job that gets historical features ends. */
@Injectable()
export class HistoricalFeaturesSweeper extends LeasedRowsSweeper<HistoricalFeaturesJobEntity> {
  constructor(
    @Inject(SETTINGS) { NESTOR_JOB_SWEEP_MS: everyMs }: Settings,
    @InjectDataSource() dataSource: DataSource,
    leases: HistoricalFeaturesLeases,
    queue: HistoricalFeaturesQueue,
    @Inject(LOGGER) logger: Logger,
    private readonly jobs: HistoricalFeaturesJobRepository,
  ) {
    super({ lock: 'historicalFeaturesSweep', everyMs }, dataSource, leases, queue, logger);
  }

  protected override clear(): Promise<void> {
    return this.jobs.forgetUsages();
  }
}

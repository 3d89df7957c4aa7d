import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { LeasedRowsSweeper } from '../../../common/queue/leased-rows-sweeper.js';
import type { FeatureMaterializationEntity } from './entities/feature-materialization.entity.js';
import { MaterializationLeases } from './materialization-leases.js';
import { MaterializationQueue } from './materialization-queue.js';

/** Makes sure that every acknowledged materialization ends. */
@Injectable()
export class MaterializationSweeper extends LeasedRowsSweeper<FeatureMaterializationEntity> {
  constructor(
    @Inject(SETTINGS) { NESTOR_JOB_SWEEP_MS: everyMs }: Settings,
    @InjectDataSource() dataSource: DataSource,
    leases: MaterializationLeases,
    queue: MaterializationQueue,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ lock: 'materializationSweep', everyMs }, dataSource, leases, queue, logger);
  }
}

import { Inject, Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { DataSource } from 'typeorm';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { LeasedRowsSweeper } from '../../../common/queue/leased-rows-sweeper.js';
import { CollectionLeases } from './collection-leases.js';
import { CollectionQueue } from './collection-queue.js';
import type { DataCollectionEntity } from './entities/data-collection.entity.js';

/** Makes sure that every acknowledged collection ends. */
@Injectable()
export class CollectionSweeper extends LeasedRowsSweeper<DataCollectionEntity> {
  constructor(
    @Inject(SETTINGS) { NESTOR_JOB_SWEEP_MS: everyMs }: Settings,
    @InjectDataSource() dataSource: DataSource,
    leases: CollectionLeases,
    queue: CollectionQueue,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ lock: 'dataCollectionSweep', everyMs }, dataSource, leases, queue, logger);
  }
}

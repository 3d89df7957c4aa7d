import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { LeasedRowsConsumer } from '../../../common/queue/leased-rows-consumer.js';
import { QueueConsumer } from '../../../common/queue/queue-consumer.decorator.js';
import { type ClaimedCollection, CollectionLeases } from './collection-leases.js';
import { CollectionQueue } from './collection-queue.js';
import { CollectionRunner } from './collection-runner.js';
import type { DataCollectionEntity } from './entities/data-collection.entity.js';

/** Takes collections on, one at a time of each source. */
@QueueConsumer('data-collections')
@Injectable()
export class CollectionConsumer extends LeasedRowsConsumer<DataCollectionEntity> {
  constructor(
    @Inject(SETTINGS) settings: Settings,
    leases: CollectionLeases,
    queue: CollectionQueue,
    @Inject(LOGGER) logger: Logger,
    private readonly runner: CollectionRunner,
  ) {
    super('data-collections', settings, leases, queue, logger);
  }

  protected override run(collection: ClaimedCollection, signal: AbortSignal): Promise<void> {
    return this.runner.run(collection, signal);
  }
}

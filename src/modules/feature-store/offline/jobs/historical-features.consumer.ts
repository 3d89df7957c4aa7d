import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { LOGGER } from '../../../../common/observability/logger.js';
import { LeasedRowsConsumer } from '../../../../common/queue/leased-rows-consumer.js';
import { QueueConsumer } from '../../../../common/queue/queue-consumer.decorator.js';
import type { HistoricalFeaturesJobEntity } from './entities/historical-features-job.entity.js';
import { type ClaimedHistoricalFeatures, HistoricalFeaturesLeases } from './historical-features-leases.js';
import { HistoricalFeaturesQueue } from './historical-features-queue.js';
import { HistoricalFeaturesRunner } from './historical-features.runner.js';

/** Takes jobs on that get historical features. */
@QueueConsumer('historical-features')
@Injectable()
export class HistoricalFeaturesConsumer extends LeasedRowsConsumer<HistoricalFeaturesJobEntity> {
  constructor(
    @Inject(SETTINGS) settings: Settings,
    leases: HistoricalFeaturesLeases,
    queue: HistoricalFeaturesQueue,
    @Inject(LOGGER) logger: Logger,
    private readonly runner: HistoricalFeaturesRunner,
  ) {
    super('historical-features', settings, leases, queue, logger);
  }

  protected override run(job: ClaimedHistoricalFeatures, signal: AbortSignal): Promise<void> {
    return this.runner.run(job, signal);
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { LeasedRowsConsumer } from '../../../common/queue/leased-rows-consumer.js';
import { QueueConsumer } from '../../../common/queue/queue-consumer.decorator.js';
import type { FeatureMaterializationEntity } from './entities/feature-materialization.entity.js';
import { type ClaimedMaterialization, MaterializationLeases } from './materialization-leases.js';
import { MaterializationQueue } from './materialization-queue.js';
import { Materializer } from './materializer.js';

/** Takes materializations on, one at a time of each view. */
@QueueConsumer('feature-materializations')
@Injectable()
export class MaterializationConsumer extends LeasedRowsConsumer<FeatureMaterializationEntity> {
  constructor(
    @Inject(SETTINGS) settings: Settings,
    leases: MaterializationLeases,
    queue: MaterializationQueue,
    @Inject(LOGGER) logger: Logger,
    private readonly materializer: Materializer,
  ) {
    super('feature-materializations', settings, leases, queue, logger);
  }

  protected override run(materialization: ClaimedMaterialization, signal: AbortSignal): Promise<void> {
    return this.materializer.run(materialization, signal);
  }
}

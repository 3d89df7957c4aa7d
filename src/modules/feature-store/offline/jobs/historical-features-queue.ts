import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { LOGGER } from '../../../../common/observability/logger.js';
import { TurnQueue } from '../../../../common/queue/turn-queue.js';

/** The Bull queue of jobs that get historical features. */
@Injectable()
export class HistoricalFeaturesQueue extends TurnQueue {
  constructor(@InjectQueue('historical-features') queue: Queue, @Inject(LOGGER) logger: Logger) {
    super('historical-features', queue, logger);
  }
}

import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { LOGGER } from '../../../common/observability/logger.js';
import { TurnQueue } from '../../../common/queue/turn-queue.js';

/** The Bull queue of materializations. */
@Injectable()
export class MaterializationQueue extends TurnQueue {
  constructor(@InjectQueue('feature-materializations') queue: Queue, @Inject(LOGGER) logger: Logger) {
    super('feature-materializations', queue, logger);
  }
}

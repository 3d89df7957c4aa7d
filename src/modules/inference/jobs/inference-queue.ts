import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { LOGGER } from '../../../common/observability/logger.js';
import { TurnQueue } from '../../../common/queue/turn-queue.js';

/** The Bull queue of queued inferences. */
@Injectable()
export class InferenceQueue extends TurnQueue {
  constructor(@InjectQueue('inference') queue: Queue, @Inject(LOGGER) logger: Logger) {
    super('inference', queue, logger);
  }
}

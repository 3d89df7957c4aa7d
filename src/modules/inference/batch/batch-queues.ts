import { InjectQueue } from '@nestjs/bullmq';
import { Inject, Injectable } from '@nestjs/common';
import type { Queue } from 'bullmq';
import type { Logger } from 'pino';
import { LOGGER } from '../../../common/observability/logger.js';
import { TurnQueue } from '../../../common/queue/turn-queue.js';

/** The Bull queue of the steps that are done once for a batch: splitting its file and assembling its output. */
@Injectable()
export class BatchStepQueue extends TurnQueue {
  constructor(@InjectQueue('batch-steps') queue: Queue, @Inject(LOGGER) logger: Logger) {
    super('batch-steps', queue, logger);
  }
}

/** The Bull queue of chunks. */
@Injectable()
export class BatchChunkQueue extends TurnQueue {
  constructor(@InjectQueue('batch-chunks') queue: Queue, @Inject(LOGGER) logger: Logger) {
    super('batch-chunks', queue, logger);
  }
}

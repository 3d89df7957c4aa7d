import { Processor } from '@nestjs/bullmq';
import { applyDecorators, SetMetadata } from '@nestjs/common';
import { type QueueName, queues } from './queues.js';

/** Metadata key under which a class says whose jobs it takes. */
export const QUEUE_CONSUMER = 'nestor:queue-consumer';

/**
 * Makes a `WorkerHost` the one consumer of a queue, with the queue's settings. It starts taking jobs when it calls
 * `this.worker.run()`, which must not be before everything it needs is there.
 */
export function QueueConsumer(name: QueueName): ClassDecorator {
  const { lockDurationMs, stalledIntervalMs, maxStalledCount, retryDelayMs } = queues[name];
  return applyDecorators(
    SetMetadata(QUEUE_CONSUMER, name),
    Processor(name, {
      autorun: false,
      lockDuration: lockDurationMs,
      stalledInterval: stalledIntervalMs,
      maxStalledCount,
      runRetryDelay: retryDelayMs,
    }),
  );
}

import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { QUEUE_CONSUMER } from './queue-consumer.decorator.js';
import { queueNames } from './queues.js';

/** The worker does not start unless each queue has exactly one consumer: jobs nobody takes would wait for ever. */
@Injectable()
export class QueueConsumersCheck implements OnModuleInit {
  constructor(@Inject(DiscoveryService) private readonly discovery: DiscoveryService) {}

  onModuleInit(): void {
    const consumers = this.discovery
      .getProviders()
      .map(({ metatype }) => (typeof metatype === 'function' ? queueOf(metatype) : undefined));
    const problems = consumerProblems(
      queueNames,
      consumers.filter((name) => name !== undefined),
    );
    if (problems.length > 0) throw new Error(`The queues are not wired: ${problems.join('; ')}.`);
  }
}

function queueOf(type: object): string | undefined {
  const name: unknown = Reflect.getMetadata(QUEUE_CONSUMER, type);
  return typeof name === 'string' ? name : undefined;
}

/** What is wrong with the consumers, one text a queue. */
export function consumerProblems(queues: readonly string[], consumers: readonly string[]): string[] {
  return queues.flatMap((queue) => {
    const count = consumers.filter((name) => name === queue).length;
    return count === 1 ? [] : [`the queue "${queue}" has ${count} consumers instead of one`];
  });
}

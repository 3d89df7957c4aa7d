import { randomUUID } from 'node:crypto';
import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { PeriodicTask } from '../../../../common/concurrency/periodic-task.js';
import { LOGGER } from '../../../../common/observability/logger.js';
import { ExecutorClient } from '../../client/executor-client.js';
import { LoadSamples } from './load-sample.js';
import { PoolLoadRepository } from './pool-load.repository.js';

const SAMPLE_EVERY_MS = 2_000;

/** Shares what this process sees of the load of pools with whoever decides how large they are to be. */
@Injectable()
export class PoolLoads implements OnModuleInit, OnApplicationShutdown {
  private readonly processId = randomUUID();
  private readonly samples = new LoadSamples(performance.now());
  private readonly task: PeriodicTask;

  constructor(
    @Inject(ExecutorClient) private readonly client: ExecutorClient,
    private readonly repository: PoolLoadRepository,
    @Inject(LOGGER) logger: Logger,
  ) {
    // The next sample tells of the next moment.
    this.task = new PeriodicTask(
      SAMPLE_EVERY_MS,
      () => this.share(),
      (err) => logger.debug({ err }, 'the load of executor pools cannot be shared'),
    );
  }

  onModuleInit(): void {
    this.client.onServed((request) => this.samples.add(request));
    this.task.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  private async share(): Promise<void> {
    for (const [pool, sample] of this.samples.take(performance.now())) {
      await this.repository.save(pool, this.processId, sample);
    }
  }
}

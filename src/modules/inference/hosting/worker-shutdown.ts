import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { InferenceJobConsumer } from '../jobs/inference-job.consumer.js';
import { JobSweeper } from '../jobs/job-sweeper.js';
import { ExecutorHost } from './executor-host.service.js';

/** Ends the worker's parts in the order in which they need one another, while all they write to is still there. */
@Injectable()
export class WorkerShutdown implements BeforeApplicationShutdown {
  constructor(
    private readonly consumer: InferenceJobConsumer,
    private readonly sweeper: JobSweeper,
    private readonly host: ExecutorHost,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    await Promise.all([this.consumer.stop(), this.sweeper.stop()]);
    await this.host.stop();
  }
}

import { type BeforeApplicationShutdown, Injectable } from '@nestjs/common';
import { BatchSweeper } from '../batch/run/batch-sweeper.js';
import { BatchAnnouncements } from '../batch/batch-announcements.js';
import { BatchChunkConsumer } from '../batch/run/chunk.consumer.js';
import { BatchStepConsumer } from '../batch/run/step.consumer.js';
import { Autoscaler } from '../fleet/autoscaling/autoscaler.js';
import { PoolScaler } from '../fleet/pool-scaler.js';
import { InferenceJobConsumer } from '../jobs/inference-job.consumer.js';
import { JobSweeper } from '../jobs/job-sweeper.js';
import { ModelKeeper } from '../model-control/model-keeper.js';
import { ExecutorHost } from './executor-host.service.js';

/** Ends the worker's parts in the order in which they need one another, while all they write to is still there. */
@Injectable()
export class WorkerShutdown implements BeforeApplicationShutdown {
  constructor(
    private readonly consumer: InferenceJobConsumer,
    private readonly sweeper: JobSweeper,
    private readonly batchSteps: BatchStepConsumer,
    private readonly batchChunks: BatchChunkConsumer,
    private readonly batchSweeper: BatchSweeper,
    private readonly batchAnnouncements: BatchAnnouncements,
    private readonly autoscaler: Autoscaler,
    private readonly scaler: PoolScaler,
    private readonly keeper: ModelKeeper,
    private readonly host: ExecutorHost,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    const parts = [this.consumer, this.sweeper, this.batchSteps, this.batchChunks, this.batchSweeper];
    await Promise.all(parts.map((part) => part.stop()));
    await this.batchAnnouncements.flush();
    await this.autoscaler.stop();
    await this.scaler.stop();
    await this.keeper.stop();
    await this.host.stop();
  }
}

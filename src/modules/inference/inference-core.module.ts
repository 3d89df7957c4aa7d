import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RegistryModule } from '../registry/registry.module.js';
import { BatchChunkEntity } from './batch/entities/batch-chunk.entity.js';
import { BatchInferenceEntity } from './batch/entities/batch-inference.entity.js';
import { ExecutorClient } from './client/executor-client.js';
import { ExecutorView } from './client/executor-view.js';
import { ExecutorHostEntity } from './directory/executor-host.entity.js';
import { ExecutorHostRepository } from './directory/executor-host.repository.js';
import { ExecutorReadiness } from './directory/executor-readiness.js';
import { SharedExecutorView } from './directory/shared-executor-view.js';
import { ExecutorPoolEntity } from './fleet/executor-pool.entity.js';
import { ExecutorPoolRepository } from './fleet/executor-pool.repository.js';
import { InferenceJobEntity } from './jobs/entities/inference-job.entity.js';
import { executorGaugeProviders } from './metrics/inference-gauges.js';
import { InferenceMetrics, inferenceMetricProviders } from './metrics/inference-metrics.js';

/** What the api and the worker both need to have models run: the executors, and what is measured of them. */
@Module({
  imports: [
    TypeOrmModule.forFeature([
      InferenceJobEntity,
      ExecutorHostEntity,
      ExecutorPoolEntity,
      BatchInferenceEntity,
      BatchChunkEntity,
    ]),
    RegistryModule,
  ],
  providers: [
    ...inferenceMetricProviders,
    ...executorGaugeProviders,
    InferenceMetrics,
    ExecutorReadiness,
    ExecutorHostRepository,
    ExecutorPoolRepository,
    { provide: ExecutorView, useClass: SharedExecutorView },
    { provide: ExecutorClient, inject: [ExecutorView], useFactory: (view: ExecutorView) => new ExecutorClient(view) },
  ],
  exports: [
    ExecutorPoolRepository,
    TypeOrmModule,
    RegistryModule,
    InferenceMetrics,
    ExecutorHostRepository,
    ExecutorView,
    ExecutorClient,
  ],
})
export class InferenceCoreModule implements OnApplicationShutdown {
  constructor(@Inject(ExecutorClient) private readonly client: ExecutorClient) {}

  onApplicationShutdown(): void {
    this.client.close();
  }
}

import { Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import type { Logger } from 'pino';
import { InstallationSecret } from '../../common/crypto/installation-secret.js';
import { LOGGER } from '../../common/observability/logger.js';
import { RegistryModule } from '../registry/registry.module.js';
import { BatchChunkEntity } from './batch/entities/batch-chunk.entity.js';
import { BatchInferenceEntity } from './batch/entities/batch-inference.entity.js';
import { ExecutorClient } from './client/executor-client.js';
import { ExecutorView } from './client/executor-view.js';
import { ExecutorHostEntity } from './directory/executor-host.entity.js';
import { ExecutorHostRepository } from './directory/executor-host.repository.js';
import { ExecutorReadiness } from './directory/executor-readiness.js';
import { SharedExecutorView } from './directory/shared-executor-view.js';
import { ExecutorPoolLoadEntity } from './fleet/autoscaling/executor-pool-load.entity.js';
import { PoolLoadRepository } from './fleet/autoscaling/pool-load.repository.js';
import { PoolLoads } from './fleet/autoscaling/pool-loads.js';
import { ExecutorPoolEntity } from './fleet/executor-pool.entity.js';
import { ExecutorPoolRepository } from './fleet/executor-pool.repository.js';
import { InferenceJobEntity } from './jobs/entities/inference-job.entity.js';
import { executorGaugeProviders } from './metrics/inference-gauges.js';
import { InferenceMetrics, inferenceMetricProviders } from './metrics/inference-metrics.js';
import { executorKey } from './protocol/executor-key.js';

/** What the api and the worker both need to have models run: the executors, and what is measured of them. */
@Module({
  imports: [
    TypeOrmModule.forFeature([
      InferenceJobEntity,
      ExecutorHostEntity,
      ExecutorPoolEntity,
      ExecutorPoolLoadEntity,
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
    PoolLoadRepository,
    PoolLoads,
    { provide: ExecutorView, useClass: SharedExecutorView },
    { provide: ExecutorClient, inject: [ExecutorView, InstallationSecret, LOGGER], useFactory: executorClient },
  ],
  exports: [
    ExecutorPoolRepository,
    PoolLoadRepository,
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

function executorClient(view: ExecutorView, secret: InstallationSecret, logger: Logger): ExecutorClient {
  return new ExecutorClient(view, {
    keyOf: (executor) => executorKey(secret, executor),
    onUnreachable: (executor, address, err) => {
      const hint = address.startsWith('tls:') ? '; on the network both ends need the same NESTOR_SECRET' : '';
      logger.warn({ err, executor, address }, `an executor cannot be reached${hint}`);
    },
  });
}

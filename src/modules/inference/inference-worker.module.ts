import { Module } from '@nestjs/common';
import { batchWorkerProviders } from './batch/batch.providers.js';
import { SharedExecutorDirectory } from './directory/shared-executor-directory.js';
import { Autoscaler } from './fleet/autoscaling/autoscaler.js';
import { PoolMonitor } from './fleet/pool-monitor.js';
import { PoolScaler } from './fleet/pool-scaler.js';
import { ArtifactReadiness } from './hosting/artifact-readiness.js';
import { CachedModelFiles } from './hosting/cached-model-files.js';
import { ExecutorHost } from './hosting/executor-host.service.js';
import { WorkerShutdown } from './hosting/worker-shutdown.js';
import { InferenceCoreModule } from './inference-core.module.js';
import { InferenceJobConsumer } from './jobs/inference-job.consumer.js';
import { InferenceQueue } from './jobs/inference-queue.js';
import { JobAnnouncements } from './jobs/job-announcements.js';
import { JobExecutionRepository } from './jobs/job-execution.repository.js';
import { JobIntake } from './jobs/job-intake.js';
import { JobLedger } from './jobs/job-ledger.js';
import { JobRunner } from './jobs/job-runner.js';
import { JobSweeper } from './jobs/job-sweeper.js';
import { executorHostMetricProviders, jobGaugeProviders } from './metrics/inference-gauges.js';
import { poolGaugeProviders } from './metrics/pool-gauges.js';
import { JobCounts } from './metrics/job-counts.js';
import { FilePlans } from './model-control/file-plans.service.js';
import { ModelKeeper } from './model-control/model-keeper.js';
import { ExecutorDirectory } from './pool/executor-directory.js';
import { ModelFiles } from './pool/model-files.js';

/**
 * Inference as the worker does it: hosts executors and runs queued jobs. The composition root provides settings, logger,
 * database, storage, queues and notifications as global modules.
 */
@Module({
  imports: [InferenceCoreModule],
  providers: [
    { provide: ExecutorDirectory, useClass: SharedExecutorDirectory },
    { provide: ModelFiles, useClass: CachedModelFiles },
    ArtifactReadiness,
    ExecutorHost,
    PoolScaler,
    FilePlans,
    ModelKeeper,
    PoolMonitor,
    Autoscaler,
    ...poolGaugeProviders,
    InferenceQueue,
    JobAnnouncements,
    JobExecutionRepository,
    JobIntake,
    JobLedger,
    JobRunner,
    InferenceJobConsumer,
    JobSweeper,
    JobCounts,
    ...jobGaugeProviders,
    ...executorHostMetricProviders,
    ...batchWorkerProviders,
    WorkerShutdown,
  ],
  exports: [InferenceCoreModule, ExecutorHost],
})
export class InferenceWorkerModule {}

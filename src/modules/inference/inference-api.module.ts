import { Module } from '@nestjs/common';
import { PublicErrorFilter } from '../../common/errors/public-error.filter.js';
import { batchApiProviders } from './batch/batch.providers.js';
import { ExecutorResolver } from './directory/executor.resolver.js';
import { ExecutorPoolResolver } from './fleet/executor-pool.resolver.js';
import { ExecutorPoolsService } from './fleet/executor-pools.service.js';
import { InferenceCoreModule } from './inference-core.module.js';
import { InferenceJobRepository } from './jobs/inference-job.repository.js';
import { InferenceJobResolver } from './jobs/inference-job.resolver.js';
import { InferenceJobsService } from './jobs/inference-jobs.service.js';
import { InferenceQueue } from './jobs/inference-queue.js';
import { JobAnnouncements } from './jobs/job-announcements.js';
import { JobUpdates } from './jobs/job-updates.js';
import { SubmissionService } from './jobs/submission.service.js';
import { BoundFeaturesModule } from '../feature-store/bindings/bound-features.module.js';
import { AuthModule } from '../auth/auth.module.js';
import { InferenceStatistics } from './metrics/inference-statistics.js';
import { DirectInference } from './open-inference/direct-inference.js';
import { RegistryApiModule } from '../registry/registry-api.module.js';
import { ModelControlResolver } from './model-control/model-control.resolver.js';
import { ModelControlService } from './model-control/model-control.service.js';
import { OpenInferenceGrpcServer } from './open-inference/grpc/open-inference-grpc.server.js';
import { OpenInferenceController } from './open-inference/open-inference.controller.js';
import { OpenInferenceService } from './open-inference/open-inference.service.js';
import { PredictionResolver } from './prediction/prediction.resolver.js';
import { PredictionService } from './prediction/prediction.service.js';
import { responseCacheMetricProviders } from './response-cache/response-cache.metrics.js';
import { ResponseCaches } from './response-cache/response-caches.js';

/**
 * Inference as clients see it: predictions at once, queued jobs and their progress, the executors. The composition root
 * provides settings, logger, database, notifications and audit as global modules.
 */
@Module({
  imports: [InferenceCoreModule, AuthModule, RegistryApiModule, BoundFeaturesModule],
  controllers: [OpenInferenceController],
  providers: [
    InferenceStatistics,
    ModelControlService,
    ModelControlResolver,
    ResponseCaches,
    ...responseCacheMetricProviders,
    PredictionService,
    PredictionResolver,
    PublicErrorFilter,
    OpenInferenceService,
    DirectInference,
    OpenInferenceGrpcServer,
    InferenceJobRepository,
    InferenceQueue,
    JobAnnouncements,
    SubmissionService,
    InferenceJobsService,
    JobUpdates,
    InferenceJobResolver,
    ExecutorResolver,
    ExecutorPoolsService,
    ExecutorPoolResolver,
    ...batchApiProviders,
  ],
  exports: [InferenceCoreModule, PredictionService],
})
export class InferenceApiModule {}

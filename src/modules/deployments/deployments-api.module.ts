import { Module } from '@nestjs/common';
import { RegistryApiModule } from '../registry/registry-api.module.js';
import { DeploymentResolver } from './deployment.resolver.js';
import { DeploymentService } from './deployment.service.js';
import { DeploymentsCoreModule } from './deployments-core.module.js';
import { CanaryResolver } from './canary/canary.resolver.js';
import { CanaryService } from './canary/canary.service.js';
import { ComparisonResolver } from './comparison/comparison.resolver.js';
import { ComparisonService } from './comparison/comparison.service.js';
import { FeedbackRepository } from './feedback/feedback.repository.js';
import { FeedbackResolver } from './feedback/feedback.resolver.js';
import { FeedbackService } from './feedback/feedback.service.js';
import { PredictionLogResolver } from './log/prediction-log.resolver.js';
import { PredictionLogService } from './log/prediction-log.service.js';
import { ServableVariants } from './servable-variants.js';

/** Deployments as clients see them. The composition root provides settings, logger, database and audit as global modules. */
@Module({
  imports: [RegistryApiModule, DeploymentsCoreModule],
  providers: [
    DeploymentService,
    DeploymentResolver,
    PredictionLogService,
    PredictionLogResolver,
    FeedbackRepository,
    FeedbackService,
    FeedbackResolver,
    ComparisonService,
    ComparisonResolver,
    ServableVariants,
    CanaryService,
    CanaryResolver,
  ],
})
export class DeploymentsApiModule {}

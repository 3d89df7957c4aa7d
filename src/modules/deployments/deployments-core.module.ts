import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { CanaryProgress } from './canary/canary-progress.js';
import { CanaryRepository } from './canary/canary.repository.js';
import { VariantResultsRepository } from './comparison/variant-results.repository.js';
import { DeploymentRepository } from './deployment.repository.js';
import { DeploymentRevisions } from './deployment-revisions.js';
import { DeploymentEntity } from './entities/deployment.entity.js';
import { DeploymentRevisionEntity } from './entities/deployment-revision.entity.js';
import { PredictionFeedbackEntity } from './entities/prediction-feedback.entity.js';
import { DeploymentCanaryEntity } from './entities/deployment-canary.entity.js';
import { LoggedPredictionEntity } from './entities/logged-prediction.entity.js';
import { PredictionLogRepository } from './log/prediction-log.repository.js';
import { DeploymentSnapshot } from './routing/deployment-snapshot.js';

/** Deployments as every process needs them: their tables, their copy in memory, and how they are changed. */
@Module({
  imports: [
    TypeOrmModule.forFeature([
      DeploymentEntity,
      DeploymentRevisionEntity,
      LoggedPredictionEntity,
      PredictionFeedbackEntity,
      DeploymentCanaryEntity,
    ]),
  ],
  providers: [
    DeploymentRepository,
    DeploymentSnapshot,
    DeploymentRevisions,
    PredictionLogRepository,
    VariantResultsRepository,
    CanaryRepository,
    CanaryProgress,
  ],
  exports: [
    DeploymentRepository,
    DeploymentSnapshot,
    DeploymentRevisions,
    PredictionLogRepository,
    VariantResultsRepository,
    CanaryRepository,
    CanaryProgress,
  ],
})
export class DeploymentsCoreModule {}

import { Module } from '@nestjs/common';
import { CanaryRunner } from './canary/canary-runner.js';
import { DeploymentsCoreModule } from './deployments-core.module.js';
import { PredictionLogSweeper } from './log/prediction-log-sweeper.js';

/** What a worker does for deployments. */
@Module({ imports: [DeploymentsCoreModule], providers: [PredictionLogSweeper, CanaryRunner] })
export class DeploymentsWorkerModule {}

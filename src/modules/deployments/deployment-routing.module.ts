import { Global, Module } from '@nestjs/common';
import { InferenceCoreModule } from '../inference/inference-core.module.js';
import { PredictionRouter } from '../inference/prediction/prediction-router.js';
import { DeploymentsCoreModule } from './deployments-core.module.js';
import { predictionLogMetricProviders } from './log/prediction-log-metrics.js';
import { PredictionLog } from './log/prediction-log.js';
import { DeploymentRouter } from './routing/deployment-router.js';
import { PredictionFollowUp } from './routing/prediction-follow-up.js';
import { shadowMetricProviders } from './shadow/shadow-metrics.js';
import { ShadowRunner } from './shadow/shadow-runner.js';

/** Binds inference's port to deployments; global, as inference cannot import what lies above it. */
@Global()
@Module({
  imports: [DeploymentsCoreModule, InferenceCoreModule],
  providers: [
    ...predictionLogMetricProviders,
    ...shadowMetricProviders,
    PredictionLog,
    ShadowRunner,
    PredictionFollowUp,
    { provide: PredictionRouter, useClass: DeploymentRouter },
  ],
  exports: [PredictionRouter],
})
export class DeploymentRoutingModule {}

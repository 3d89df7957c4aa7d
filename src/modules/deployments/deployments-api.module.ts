import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { DeploymentResolver } from './deployment.resolver.js';
import { DeploymentService } from './deployment.service.js';
import { DeploymentsCoreModule } from './deployments-core.module.js';
import { PredictionLogResolver } from './log/prediction-log.resolver.js';
import { PredictionLogService } from './log/prediction-log.service.js';

/** Deployments as clients see them. The composition root provides settings, logger, database and audit as global modules. */
@Module({
  imports: [RegistryModule, DeploymentsCoreModule],
  providers: [DeploymentService, DeploymentResolver, PredictionLogService, PredictionLogResolver],
})
export class DeploymentsApiModule {}

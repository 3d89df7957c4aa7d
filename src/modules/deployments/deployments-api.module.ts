import { Module } from '@nestjs/common';
import { RegistryModule } from '../registry/registry.module.js';
import { DeploymentResolver } from './deployment.resolver.js';
import { DeploymentRevisions } from './deployment-revisions.js';
import { DeploymentRoutingModule } from './deployment-routing.module.js';
import { DeploymentService } from './deployment.service.js';

/** Deployments as clients see them. The composition root provides settings, logger, database and audit as global modules. */
@Module({
  imports: [RegistryModule, DeploymentRoutingModule],
  providers: [DeploymentRevisions, DeploymentService, DeploymentResolver],
})
export class DeploymentsApiModule {}

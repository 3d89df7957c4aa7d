import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { PredictionRouter } from '../inference/prediction/prediction-router.js';
import { DeploymentRepository } from './deployment.repository.js';
import { DeploymentEntity } from './entities/deployment.entity.js';
import { DeploymentRevisionEntity } from './entities/deployment-revision.entity.js';
import { DeploymentRouter } from './routing/deployment-router.js';
import { DeploymentSnapshot } from './routing/deployment-snapshot.js';

/** Binds inference's port to deployments; global, as inference cannot import what lies above it. */
@Global()
@Module({
  imports: [TypeOrmModule.forFeature([DeploymentEntity, DeploymentRevisionEntity])],
  providers: [DeploymentRepository, DeploymentSnapshot, { provide: PredictionRouter, useClass: DeploymentRouter }],
  exports: [DeploymentRepository, DeploymentSnapshot, PredictionRouter],
})
export class DeploymentRoutingModule {}

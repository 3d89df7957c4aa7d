import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.js';
import { ArtifactController } from './artifact.controller.js';
import { ExampleModels } from './example-models.service.js';
import { FeatureBindingResolver } from './feature-binding.resolver.js';
import { ModelAliasRepository } from './model-alias.repository.js';
import { ModelIntake } from './model-intake.service.js';
import { ModelVersionRepository } from './model-version.repository.js';
import { ModelVersionResolver } from './model-version.resolver.js';
import { ModelVersionService } from './model-version.service.js';
import { RegisteredModelRepository } from './registered-model.repository.js';
import { RegisteredModelResolver } from './registered-model.resolver.js';
import { RegisteredModelService } from './registered-model.service.js';
import { RegistryLoaders } from './registry.loaders.js';
import { RegistryModule } from './registry.module.js';

/** The registry's use cases, for the api. The composition root binds `ModelInspector` and provides the storage module. */
@Module({
  imports: [RegistryModule, AuditModule],
  controllers: [ArtifactController],
  providers: [
    RegisteredModelRepository,
    ModelVersionRepository,
    ModelAliasRepository,
    RegistryLoaders,
    ModelIntake,
    RegisteredModelService,
    ModelVersionService,
    ExampleModels,
    RegisteredModelResolver,
    ModelVersionResolver,
    FeatureBindingResolver,
  ],
  exports: [RegistryModule, RegistryLoaders, ExampleModels, RegisteredModelService, ModelVersionService],
})
export class RegistryApiModule {}

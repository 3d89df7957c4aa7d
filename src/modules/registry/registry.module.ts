import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ArtifactRepository } from './artifact.repository.js';
import { ArtifactService } from './artifact.service.js';
import { FeatureBindingEntity } from './entities/feature-binding.entity.js';
import { ModelAliasEntity } from './entities/model-alias.entity.js';
import { ModelServingEntity } from './entities/model-serving.entity.js';
import { ModelVersionEntity } from './entities/model-version.entity.js';
import { RegisteredModelEntity } from './entities/registered-model.entity.js';
import { ArtifactFileEntity } from './entities/artifact-file.entity.js';
import { ArtifactEntity } from './entities/artifact.entity.js';
import { FeatureBindingRepository } from './serving/feature-binding.repository.js';
import { FeatureBindings } from './serving/feature-bindings.service.js';
import { ModelServingRepository } from './serving/model-serving.repository.js';
import { ModelServings } from './serving/model-servings.service.js';
import { CatalogRepository } from './snapshot/catalog.repository.js';
import { RegistrySnapshot } from './snapshot/registry-snapshot.js';

/**
 * What serving needs of the registry, in every process. The composition root provides notifications, audit and storage as
 * global modules.
 */
@Module({
  imports: [
    TypeOrmModule.forFeature([
      ArtifactEntity,
      ArtifactFileEntity,
      RegisteredModelEntity,
      ModelVersionEntity,
      ModelAliasEntity,
      ModelServingEntity,
      FeatureBindingEntity,
    ]),
  ],
  providers: [
    ArtifactRepository,
    ArtifactService,
    CatalogRepository,
    RegistrySnapshot,
    ModelServingRepository,
    ModelServings,
    FeatureBindingRepository,
    FeatureBindings,
  ],
  exports: [TypeOrmModule, ArtifactService, RegistrySnapshot, ModelServingRepository, ModelServings, FeatureBindings],
})
export class RegistryModule {}

import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { ModelAliasEntity } from './entities/model-alias.entity.js';
import { ModelVersionEntity } from './entities/model-version.entity.js';
import { RegisteredModelEntity } from './entities/registered-model.entity.js';
import { ArtifactEntity } from './entities/artifact.entity.js';
import { CatalogRepository } from './snapshot/catalog.repository.js';
import { RegistrySnapshot } from './snapshot/registry-snapshot.js';

/** What serving needs of the registry, in every process. `Notifications` comes from the composition root. */
@Module({
  imports: [TypeOrmModule.forFeature([ArtifactEntity, RegisteredModelEntity, ModelVersionEntity, ModelAliasEntity])],
  providers: [CatalogRepository, RegistrySnapshot],
  exports: [TypeOrmModule, RegistrySnapshot],
})
export class RegistryModule {}

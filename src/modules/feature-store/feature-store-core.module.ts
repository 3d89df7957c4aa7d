import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RegistryModule } from '../registry/registry.module.js';
import { DataEngines } from './engine/data-engines.js';
import { CollectionQueue } from './ingestion/collection-queue.js';
import { DataCollectionEntity } from './ingestion/entities/data-collection.entity.js';
import { DataSnapshotRepository } from './snapshots/data-snapshot.repository.js';
import { DataSnapshotEntity } from './snapshots/entities/data-snapshot.entity.js';
import { SnapshotRows } from './snapshots/snapshot-rows.js';
import { DataSourceRepository } from './sources/data-source.repository.js';
import { DataSourceEntity } from './sources/entities/data-source.entity.js';

/** What the api and the worker both need of the feature store. */
@Module({
  imports: [TypeOrmModule.forFeature([DataSourceEntity, DataCollectionEntity, DataSnapshotEntity]), RegistryModule],
  providers: [DataEngines, CollectionQueue, DataSourceRepository, DataSnapshotRepository, SnapshotRows],
  exports: [
    TypeOrmModule,
    RegistryModule,
    DataEngines,
    CollectionQueue,
    DataSourceRepository,
    DataSnapshotRepository,
    SnapshotRows,
  ],
})
export class FeatureStoreCoreModule {}

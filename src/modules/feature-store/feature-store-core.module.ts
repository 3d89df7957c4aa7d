import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { RegistryModule } from '../registry/registry.module.js';
import { FeatureEntityEntity } from './definitions/entities/feature-entity.entity.js';
import { FeatureServiceVersionEntity } from './definitions/entities/feature-service-version.entity.js';
import { FeatureServiceEntity } from './definitions/entities/feature-service.entity.js';
import { FeatureViewVersionEntity } from './definitions/entities/feature-view-version.entity.js';
import { FeatureViewEntity } from './definitions/entities/feature-view.entity.js';
import { FeatureEntityRepository } from './definitions/feature-entity.repository.js';
import { FeatureServiceRepository } from './definitions/feature-service.repository.js';
import { FeatureViewRepository } from './definitions/feature-view.repository.js';
import { DataEngines } from './engine/data-engines.js';
import { CollectionIntake } from './ingestion/collection-intake.js';
import { CollectionLeases } from './ingestion/collection-leases.js';
import { CollectionQueue } from './ingestion/collection-queue.js';
import { DataCollectionRepository } from './ingestion/data-collection.repository.js';
import { DataCollectionEntity } from './ingestion/entities/data-collection.entity.js';
import { DataIssuesModule } from './issues/data-issues.module.js';
import { DataUsageEntity } from './lineage/entities/data-usage.entity.js';
import { ModelTrainingSetEntity } from './lineage/entities/model-training-set.entity.js';
import { FeatureViewUsageEntity } from './lineage/entities/feature-view-usage.entity.js';
import { UsageRepository } from './lineage/usage.repository.js';
import { FeatureMaterializationMarkEntity } from './materialization/entities/feature-materialization-mark.entity.js';
import { FeatureMaterializationEntity } from './materialization/entities/feature-materialization.entity.js';
import { MaterializationLeases } from './materialization/materialization-leases.js';
import { MaterializationQueue } from './materialization/materialization-queue.js';
import { MaterializationRepository } from './materialization/materialization.repository.js';
import { FeatureViewRows } from './offline/feature-view-rows.js';
import { HistoricalFeaturesJobEntity } from './offline/jobs/entities/historical-features-job.entity.js';
import { HistoricalFeaturesJobRepository } from './offline/jobs/historical-features-job.repository.js';
import { HistoricalFeaturesLeases } from './offline/jobs/historical-features-leases.js';
import { HistoricalFeaturesQueue } from './offline/jobs/historical-features-queue.js';
import { FeatureRequests } from './offline/jobs/requested-features.js';
import { SourceSnapshots } from './offline/source-snapshots.js';
import { FeatureParityCheckEntity } from './parity/entities/feature-parity-check.entity.js';
import { ParityRepository } from './parity/parity.repository.js';
import { DataQualityModule } from './quality/data-quality.module.js';
import { QuarantineRepository } from './quarantine/quarantine.repository.js';
import { PushedRowEntity } from './push/entities/pushed-row.entity.js';
import { PushedRowRepository } from './push/pushed-row.repository.js';
import { DataSnapshotRepository } from './snapshots/data-snapshot.repository.js';
import { DataSnapshotEntity } from './snapshots/entities/data-snapshot.entity.js';
import { DataRetentionEntity } from './snapshots/keeping/entities/data-retention.entity.js';
import { SnapshotTagEntity } from './snapshots/keeping/entities/snapshot-tag.entity.js';
import { SnapshotKeepingRepository } from './snapshots/keeping/snapshot-keeping.repository.js';
import { SnapshotRows } from './snapshots/snapshot-rows.js';
import { DataSourceRepository } from './sources/data-source.repository.js';
import { DataSourceEntity } from './sources/entities/data-source.entity.js';
import { SourceCursorEntity } from './sources/entities/source-cursor.entity.js';
import { SourceCursorRepository } from './sources/source-cursor.repository.js';
import { SourceSecrets } from './sources/source-secrets.js';

const entities = [
  DataSourceEntity,
  SourceCursorEntity,
  DataCollectionEntity,
  DataSnapshotEntity,
  SnapshotTagEntity,
  DataRetentionEntity,
  FeatureEntityEntity,
  FeatureViewEntity,
  FeatureViewVersionEntity,
  FeatureServiceEntity,
  FeatureServiceVersionEntity,
  FeatureMaterializationEntity,
  FeatureMaterializationMarkEntity,
  DataUsageEntity,
  FeatureViewUsageEntity,
  ModelTrainingSetEntity,
  HistoricalFeaturesJobEntity,
  FeatureParityCheckEntity,
  PushedRowEntity,
];

const providers = [
  DataEngines,
  CollectionQueue,
  CollectionLeases,
  DataCollectionRepository,
  CollectionIntake,
  DataSourceRepository,
  SourceCursorRepository,
  SourceSecrets,
  DataSnapshotRepository,
  SnapshotRows,
  SnapshotKeepingRepository,
  QuarantineRepository,
  SourceSnapshots,
  FeatureViewRows,
  FeatureEntityRepository,
  FeatureViewRepository,
  FeatureServiceRepository,
  MaterializationRepository,
  MaterializationLeases,
  MaterializationQueue,
  UsageRepository,
  FeatureRequests,
  HistoricalFeaturesJobRepository,
  HistoricalFeaturesLeases,
  HistoricalFeaturesQueue,
  ParityRepository,
  PushedRowRepository,
];

/** What the api and the worker both need of the feature store. */
@Module({
  imports: [TypeOrmModule.forFeature(entities), RegistryModule, DataIssuesModule, DataQualityModule],
  providers,
  exports: [TypeOrmModule, RegistryModule, DataIssuesModule, DataQualityModule, ...providers],
})
export class FeatureStoreCoreModule {}

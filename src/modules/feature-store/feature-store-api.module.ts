import { Module } from '@nestjs/common';
import { RegistryApiModule } from '../registry/registry-api.module.js';
import {
  BoundServiceResolver,
  ServiceBindingsResolver,
  UsedFeatureGraphResolver,
  UsedFeaturesGraphResolver,
} from './bindings/feature-binding-graph.resolver.js';
import { FeatureBindingMutations } from './bindings/feature-binding-mutations.resolver.js';
import { FeatureBindingService } from './bindings/feature-binding.service.js';
import { FeatureDefinitionsModule } from './definitions/feature-definitions.module.js';
import { FeastMaterialization } from './feast/feast-materialization.js';
import { FeastController } from './feast/feast.controller.js';
import { FeastService } from './feast/feast.service.js';
import { FeatureStoreCoreModule } from './feature-store-core.module.js';
import { CollectionUpdates } from './ingestion/collection-updates.js';
import { DataCollectionResolver } from './ingestion/data-collection.resolver.js';
import { DataCollectionService } from './ingestion/data-collection.service.js';
import { DataIssueResolver } from './issues/data-issue.resolver.js';
import { DataIssueService } from './issues/data-issue.service.js';
import { FeastPush } from './feast/feast-push.js';
import { FeaturePushResolver } from './push/feature-push.resolver.js';
import { FeaturePushService } from './push/feature-push.service.js';
import { OnlinePush } from './push/online-push.js';
import { FeatureServingModule } from './serving/feature-serving.module.js';
import { DependentModels } from './lineage/dependent-models.js';
import { DependentModelsRepository } from './lineage/dependent-models.repository.js';
import {
  SnapshotModelsResolver,
  SourceModelsResolver,
  TrainedModelsResolver,
  ViewModelsResolver,
} from './lineage/dependent-models.resolver.js';
import { LineageLoaders } from './lineage/lineage.loaders.js';
import { SnapshotOriginResolver, UsedSnapshotResolver } from './lineage/provenance.resolver.js';
import { TrainingSetRepository } from './lineage/training-set.repository.js';
import { TrainingSetResolver } from './lineage/training-set.resolver.js';
import { TrainingSetService } from './lineage/training-set.service.js';
import { MaterializationUpdates } from './materialization/materialization-updates.js';
import { MaterializationResolver } from './materialization/materialization.resolver.js';
import { MaterializationService } from './materialization/materialization.service.js';
import { FeatureViewUseResolver } from './offline/jobs/feature-view-use.resolver.js';
import { HistoricalFeaturesUpdates } from './offline/jobs/historical-features-updates.js';
import { HistoricalFeaturesLoaders } from './offline/jobs/historical-features.loaders.js';
import { HistoricalFeaturesResolver } from './offline/jobs/historical-features.resolver.js';
import { HistoricalFeaturesService } from './offline/jobs/historical-features.service.js';
import { SnapshotUseResolver } from './offline/jobs/snapshot-use.resolver.js';
import { ParityResolver } from './parity/parity.resolver.js';
import { DataQualityResolver } from './quality/data-quality.resolver.js';
import { ExpressionChecker } from './quality/expression-checker.js';
import { QualityService } from './quality/quality.service.js';
import { OnlineFeaturesResolver } from './serving/online-features.resolver.js';
import { QuarantineResolver } from './quarantine/quarantine.resolver.js';
import { QuarantineService } from './quarantine/quarantine.service.js';
import { DataSnapshotResolver } from './snapshots/data-snapshot.resolver.js';
import { SnapshotKeepingLoaders } from './snapshots/keeping/snapshot-keeping.loaders.js';
import { SnapshotKeepingResolver } from './snapshots/keeping/snapshot-keeping.resolver.js';
import { SnapshotKeepingService } from './snapshots/keeping/snapshot-keeping.service.js';
import { DataSnapshotService } from './snapshots/data-snapshot.service.js';
import { DataSourceResolver } from './sources/data-source.resolver.js';
import { DataSourceService } from './sources/data-source.service.js';

/** The feature store as clients see it. The composition root provides queues, storage and audit as global modules. */
@Module({
  imports: [FeatureStoreCoreModule, FeatureDefinitionsModule, FeatureServingModule, RegistryApiModule],
  controllers: [FeastController],
  providers: [
    DataSourceService,
    DataSourceResolver,
    DataCollectionService,
    CollectionUpdates,
    DataCollectionResolver,
    DataSnapshotService,
    DataSnapshotResolver,
    SnapshotKeepingLoaders,
    SnapshotKeepingService,
    SnapshotKeepingResolver,
    HistoricalFeaturesService,
    HistoricalFeaturesUpdates,
    HistoricalFeaturesResolver,
    HistoricalFeaturesLoaders,
    SnapshotUseResolver,
    FeatureViewUseResolver,
    TrainingSetRepository,
    TrainingSetService,
    DependentModelsRepository,
    DependentModels,
    LineageLoaders,
    TrainingSetResolver,
    TrainedModelsResolver,
    SnapshotModelsResolver,
    SourceModelsResolver,
    ViewModelsResolver,
    UsedSnapshotResolver,
    SnapshotOriginResolver,
    ParityResolver,
    DataIssueService,
    DataIssueResolver,
    ExpressionChecker,
    QualityService,
    DataQualityResolver,
    QuarantineService,
    QuarantineResolver,
    OnlineFeaturesResolver,
    FeatureBindingService,
    FeatureBindingMutations,
    UsedFeaturesGraphResolver,
    UsedFeatureGraphResolver,
    BoundServiceResolver,
    ServiceBindingsResolver,
    MaterializationService,
    MaterializationUpdates,
    MaterializationResolver,
    FeastMaterialization,
    FeastPush,
    OnlinePush,
    FeaturePushService,
    FeaturePushResolver,
    FeastService,
  ],
})
export class FeatureStoreApiModule {}

import { Module } from '@nestjs/common';
import { ApiConnector } from './connectors/api/api-connector.js';
import { BucketReader } from './connectors/buckets/bucket-reader.js';
import { Connectors } from './connectors/connectors.js';
import { DatabaseConnector } from './connectors/database/database-connector.js';
import { FileConnector } from './connectors/file-connector.js';
import { FileReader } from './connectors/file-reader.js';
import { FolderReader } from './connectors/folders/folder-reader.js';
import { FoundFilesReader } from './connectors/found-files-reader.js';
import { KafkaReader } from './connectors/streams/kafka/kafka-reader.js';
import { RedisStreamReader } from './connectors/streams/redis-stream-reader.js';
import { StreamConnector } from './connectors/streams/stream-connector.js';
import { FeatureStoreCoreModule } from './feature-store-core.module.js';
import { CollectionMetrics, collectionMetricProviders } from './ingestion/collection-metrics.js';
import { CollectionRunRepository } from './ingestion/collection-run.repository.js';
import { CollectionRunner } from './ingestion/collection-runner.js';
import { CollectionSchedule } from './ingestion/collection-schedule.js';
import { CollectionSweeper } from './ingestion/collection-sweeper.js';
import { CollectionConsumer } from './ingestion/collection.consumer.js';
import { OpenCollections } from './ingestion/open-collections.js';
import { SnapshotWriter } from './ingestion/snapshot-writer.js';
import { StreamRound } from './ingestion/stream-round.js';
import { openIssuesMetricProviders } from './issues/open-issues-metrics.js';
import { OpenIssues } from './issues/open-issues.js';
import { MaterializationRunRepository } from './materialization/materialization-run.repository.js';
import { MaterializationSweeper } from './materialization/materialization-sweeper.js';
import { MaterializationConsumer } from './materialization/materialization.consumer.js';
import { Materializer } from './materialization/materializer.js';
import { HistoricalFeaturesConsumer } from './offline/jobs/historical-features.consumer.js';
import { HistoricalFeaturesRunner } from './offline/jobs/historical-features.runner.js';
import { HistoricalFeaturesSweeper } from './offline/jobs/historical-features.sweeper.js';
import { Labels } from './offline/labels/labels.js';
import { ParityChecker } from './parity/parity-checker.js';
import { ParityRunner } from './parity/parity-runner.js';
import { PushedRowRound } from './push/pushed-row-round.js';
import { CollectedBatches } from './quality/collected-batches.js';
import { SnapshotSweeper } from './snapshots/keeping/snapshot-sweeper.js';
import { QualityMeter } from './quality/quality-meter.js';
import { SecretRotation } from './sources/secret-rotation.js';
import { QualityRunner } from './quality/quality-runner.js';
import { ReferenceChecker } from './quality/reference-checker.js';
import { QuarantineReplayer } from './quarantine/quarantine-replayer.js';
import { FeatureServingModule } from './serving/feature-serving.module.js';

/** The feature store as the worker does it: collects sources, and brings feature views online. */
@Module({
  imports: [FeatureStoreCoreModule, FeatureServingModule],
  providers: [
    FileReader,
    FoundFilesReader,
    FolderReader,
    BucketReader,
    FileConnector,
    DatabaseConnector,
    ApiConnector,
    RedisStreamReader,
    KafkaReader,
    StreamConnector,
    Connectors,
    SnapshotWriter,
    QuarantineReplayer,
    CollectionRunRepository,
    OpenCollections,
    ...collectionMetricProviders,
    CollectionMetrics,
    CollectionRunner,
    CollectionConsumer,
    CollectionSweeper,
    CollectionSchedule,
    SecretRotation,
    StreamRound,
    MaterializationRunRepository,
    Materializer,
    MaterializationConsumer,
    MaterializationSweeper,
    Labels,
    HistoricalFeaturesRunner,
    HistoricalFeaturesConsumer,
    HistoricalFeaturesSweeper,
    ParityChecker,
    ParityRunner,
    PushedRowRound,
    OpenIssues,
    ...openIssuesMetricProviders,
    CollectedBatches,
    ReferenceChecker,
    QualityMeter,
    QualityRunner,
    SnapshotSweeper,
  ],
})
export class FeatureStoreWorkerModule {}

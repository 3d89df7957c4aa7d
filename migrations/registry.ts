import type { MigrationInterface } from 'typeorm';
import { CreateAuth1795427200000 } from './1795427200000-create-auth.js';
import { CreateAuditTrail1795427200100 } from './1795427200100-create-audit-trail.js';
import { CreateRegistry1795427200200 } from './1795427200200-create-registry.js';
import { CreateInferenceJobs1795427200300 } from './1795427200300-create-inference-jobs.js';
import { IndexInferenceJobsByStatus1795427200400 } from './1795427200400-index-inference-jobs-by-status.js';
import { CreateDeployments1795427210000 } from './1795427210000-create-deployments.js';
import { CreatePredictionLog1795427210100 } from './1795427210100-create-prediction-log.js';
import { CreatePredictionFeedback1795427210200 } from './1795427210200-create-prediction-feedback.js';
import { CreateCanaries1795427210300 } from './1795427210300-create-canaries.js';
import { CreateBatchInferences1795427220000 } from './1795427220000-create-batch-inferences.js';
import { CreateExecutorPools1795427230000 } from './1795427230000-create-executor-pools.js';
import { IndexPredictionLogByAge1795427235000 } from './1795427235000-index-prediction-log-by-age.js';
import { CreateModelServings1795427245000 } from './1795427245000-create-model-servings.js';
import { DefineExecutorPools1795427250000 } from './1795427250000-define-executor-pools.js';
import { AutoscaleExecutorPools1795427251000 } from './1795427251000-autoscale-executor-pools.js';
import { IndexModelVersionsByDigest1795427255000 } from './1795427255000-index-model-versions-by-digest.js';
import { CreateDataSources1795427260000 } from './1795427260000-create-data-sources.js';
import { CreateOnlineFeatures1795427265000 } from './1795427265000-create-online-features.js';
import { RouteInferenceJobs1795427270000 } from './1795427270000-route-inference-jobs.js';
import { PackInferenceJobs1795427270100 } from './1795427270100-pack-inference-jobs.js';
import { CreateFeatureDefinitions1795427280000 } from './1795427280000-create-feature-definitions.js';
import { CreateFeatureMaterializations1795427290000 } from './1795427290000-create-feature-materializations.js';
import { KeepOnlineHistories1795427291000 } from './1795427291000-keep-online-histories.js';
import { CreatePushedRows1795427292000 } from './1795427292000-create-pushed-rows.js';
import { CreateHistoricalFeatures1795427300000 } from './1795427300000-create-historical-features.js';
import { CreateFeatureParityChecks1795427301000 } from './1795427301000-create-feature-parity-checks.js';
import { CreateFeatureBindings1795427310000 } from './1795427310000-create-feature-bindings.js';
import { DistinguishSourceConnections1795427320000 } from './1795427320000-distinguish-source-connections.js';
import { ReadDatabases1795427320100 } from './1795427320100-read-databases.js';
import { ReadApis1795427320200 } from './1795427320200-read-apis.js';
import { ScheduleCollections1795427320300 } from './1795427320300-schedule-collections.js';
import { ReadStreams1795427330000 } from './1795427330000-read-streams.js';
import { CollectFolders1795427331000 } from './1795427331000-collect-folders.js';
import { AppendToDataSources1795427340000 } from './1795427340000-append-to-data-sources.js';
import { CreateDataIssues1795427341000 } from './1795427341000-create-data-issues.js';
import { CreateDataQuality1795427342000 } from './1795427342000-create-data-quality.js';
import { ReplayQuarantine1795427343000 } from './1795427343000-replay-quarantine.js';
import { KeepDataSnapshots1795427344000 } from './1795427344000-keep-data-snapshots.js';
import { CreateModelTrainingSets1795427345000 } from './1795427345000-create-model-training-sets.js';
import { KnowArtifactFiles1795427346000 } from './1795427346000-know-artifact-files.js';
import { KeepAnyEntityCursor1795427347000 } from './1795427347000-keep-any-entity-cursor.js';
import { CollectBuckets1795427348000 } from './1795427348000-collect-buckets.js';

/** All migrations in the order in which they are applied. A merged one is never edited. */
export const migrations: readonly (new () => MigrationInterface)[] = [
  CreateAuth1795427200000,
  CreateAuditTrail1795427200100,
  CreateRegistry1795427200200,
  CreateInferenceJobs1795427200300,
  IndexInferenceJobsByStatus1795427200400,
  CreateDeployments1795427210000,
  CreatePredictionLog1795427210100,
  CreatePredictionFeedback1795427210200,
  CreateCanaries1795427210300,
  CreateBatchInferences1795427220000,
  CreateExecutorPools1795427230000,
  IndexPredictionLogByAge1795427235000,
  CreateModelServings1795427245000,
  DefineExecutorPools1795427250000,
  AutoscaleExecutorPools1795427251000,
  IndexModelVersionsByDigest1795427255000,
  CreateDataSources1795427260000,
  CreateOnlineFeatures1795427265000,
  RouteInferenceJobs1795427270000,
  PackInferenceJobs1795427270100,
  CreateFeatureDefinitions1795427280000,
  CreateFeatureMaterializations1795427290000,
  KeepOnlineHistories1795427291000,
  CreatePushedRows1795427292000,
  CreateHistoricalFeatures1795427300000,
  CreateFeatureParityChecks1795427301000,
  CreateFeatureBindings1795427310000,
  DistinguishSourceConnections1795427320000,
  ReadDatabases1795427320100,
  ReadApis1795427320200,
  ScheduleCollections1795427320300,
  ReadStreams1795427330000,
  CollectFolders1795427331000,
  AppendToDataSources1795427340000,
  CreateDataIssues1795427341000,
  CreateDataQuality1795427342000,
  ReplayQuarantine1795427343000,
  KeepDataSnapshots1795427344000,
  CreateModelTrainingSets1795427345000,
  KnowArtifactFiles1795427346000,
  KeepAnyEntityCursor1795427347000,
  CollectBuckets1795427348000,
];

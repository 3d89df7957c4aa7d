import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { artifactReferences } from './artifact-references.js';
import type { Settings } from './common/config/settings.js';
import { foundation } from './common/foundation.js';
import { DatabaseHealthModule } from './common/database/database-health.module.js';
import { HealthModule } from './common/observability/health.module.js';
import { QueueModule } from './common/queue/queue.module.js';
import { AuditModule } from './modules/audit/audit.module.js';
import { DeploymentsWorkerModule } from './modules/deployments/deployments-worker.module.js';
import { FeatureStoreWorkerModule } from './modules/feature-store/feature-store-worker.module.js';
import { InferenceWorkerModule } from './modules/inference/inference-worker.module.js';
import { ArtifactSweepModule } from './modules/registry/artifact-sweep/artifact-sweep.module.js';

/** Composition root of the worker: the only file that lists its features. */
@Module({})
export class WorkerModule {
  static forRoot(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        ...foundation(settings, logger),
        HealthModule,
        DatabaseHealthModule,
        QueueModule.forRoot('worker'),
        AuditModule,
        FeatureStoreWorkerModule,
        InferenceWorkerModule,
        DeploymentsWorkerModule,
        ArtifactSweepModule.forRoot(artifactReferences),
      ],
    };
  }
}

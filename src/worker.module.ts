import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import { ConfigModule } from './common/config/config.module.js';
import type { Settings } from './common/config/settings.js';
import { DatabaseHealthModule } from './common/database/database-health.module.js';
import { DatabaseModule } from './common/database/database.module.js';
import { NotificationsModule } from './common/notifications/notifications.module.js';
import { HealthModule } from './common/observability/health.module.js';
import { LoggerModule } from './common/observability/logger.module.js';
import { StorageModule } from './common/storage/storage.module.js';
import { AuditModule } from './modules/audit/audit.module.js';
import { InferenceWorkerModule } from './modules/inference/inference-worker.module.js';

/** Composition root of the worker: the only file that lists its features. */
@Module({})
export class WorkerModule {
  static forRoot(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: WorkerModule,
      imports: [
        ConfigModule.forRoot(settings),
        LoggerModule.forRoot(logger),
        HealthModule,
        DatabaseModule.forRoot(),
        DatabaseHealthModule,
        NotificationsModule,
        StorageModule,
        AuditModule,
        InferenceWorkerModule,
      ],
    };
  }
}

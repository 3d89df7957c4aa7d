import { type DynamicModule, Module } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Settings } from './common/config/settings.js';
import { foundation } from './common/foundation.js';
import { AuditModule } from './modules/audit/audit.module.js';
import { AuthModule } from './modules/auth/auth.module.js';
import { ModelInspectionModule } from './modules/inference/model-inspection.module.js';
import { RegistryApiModule } from './modules/registry/registry-api.module.js';

/** Composition root of the first start's set-up: what makes the first workspace and registers the examples. */
@Module({})
export class BootstrapModule {
  static forRoot(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: BootstrapModule,
      imports: [...foundation(settings, logger), AuditModule, AuthModule, ModelInspectionModule, RegistryApiModule],
    };
  }
}

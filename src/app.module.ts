import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE } from '@nestjs/core';
import type { Logger } from 'pino';
import type { Settings } from './common/config/settings.js';
import { foundation } from './common/foundation.js';
import { DatabaseHealthModule } from './common/database/database-health.module.js';
import { PublicErrorFilter } from './common/errors/public-error.filter.js';
import { graphqlModule } from './common/graphql/graphql.module.js';
import { InputValidationPipe } from './common/graphql/input-validation.pipe.js';
import { WarmQueries } from './common/graphql/warm-queries.js';
import { WarmQueriesPlugin } from './common/graphql/warm-queries.plugin.js';
import { ExplorerController } from './common/http/explorer.controller.js';
import { HealthModule } from './common/observability/health.module.js';
import { QueueModule } from './common/queue/queue.module.js';
import { ServerInfoResolver } from './common/server-info/server-info.resolver.js';
import { ArtifactStoreServer } from './common/storage/artifact-store-server.js';
import { AuditApiModule } from './modules/audit/audit-api.module.js';
import { AccessGuard } from './modules/auth/access/access.guard.js';
import { AuthModule } from './modules/auth/auth.module.js';
import { DeploymentRoutingModule } from './modules/deployments/deployment-routing.module.js';
import { DeploymentsApiModule } from './modules/deployments/deployments-api.module.js';
import { FeatureStoreApiModule } from './modules/feature-store/feature-store-api.module.js';
import { InferenceApiModule } from './modules/inference/inference-api.module.js';
import { ModelInspectionModule } from './modules/inference/model-inspection.module.js';
import { RegistryApiModule } from './modules/registry/registry-api.module.js';

/** Composition root of the api: the only file that lists its features. */
@Module({})
export class AppModule {
  static forRoot(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ...foundation(settings, logger),
        HealthModule,
        DatabaseHealthModule,
        graphqlModule(),
        QueueModule.forRoot('api'),
        AuditApiModule,
        AuthModule,
        ModelInspectionModule,
        RegistryApiModule,
        FeatureStoreApiModule,
        DeploymentRoutingModule,
        InferenceApiModule,
        DeploymentsApiModule,
      ],
      controllers: [ExplorerController],
      providers: [
        ServerInfoResolver,
        ArtifactStoreServer,
        WarmQueries,
        WarmQueriesPlugin,
        { provide: APP_GUARD, useExisting: AccessGuard },
        { provide: APP_FILTER, useClass: PublicErrorFilter },
        { provide: APP_PIPE, useClass: InputValidationPipe },
      ],
    };
  }
}

import { type DynamicModule, Module } from '@nestjs/common';
import { APP_FILTER, APP_PIPE } from '@nestjs/core';
import type { Logger } from 'pino';
import { ConfigModule } from './common/config/config.module.js';
import type { Settings } from './common/config/settings.js';
import { DatabaseModule } from './common/database/database.module.js';
import { PublicErrorFilter } from './common/errors/public-error.filter.js';
import { graphqlModule } from './common/graphql/graphql.module.js';
import { InputValidationPipe } from './common/graphql/input-validation.pipe.js';
import { ExplorerController } from './common/http/explorer.controller.js';
import { HealthModule } from './common/observability/health.module.js';
import { LoggerModule } from './common/observability/logger.module.js';
import { ServerInfoResolver } from './common/server-info/server-info.resolver.js';

/** Composition root of the api: the only file that lists its features. */
@Module({})
export class AppModule {
  static forRoot(settings: Settings, logger: Logger): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(settings),
        LoggerModule.forRoot(logger),
        HealthModule,
        DatabaseModule.forRoot(),
        graphqlModule(),
      ],
      controllers: [ExplorerController],
      providers: [
        ServerInfoResolver,
        { provide: APP_FILTER, useClass: PublicErrorFilter },
        { provide: APP_PIPE, useClass: InputValidationPipe },
      ],
    };
  }
}

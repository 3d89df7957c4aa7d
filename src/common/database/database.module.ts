import { type DynamicModule, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { SETTINGS } from '../config/config.module.js';
import { type Settings, SettingsError } from '../config/settings.js';
import { dataSourceOptions } from './data-source-options.js';

@Module({})
export class DatabaseModule {
  /** The one connection pool of the process; entities register themselves through `TypeOrmModule.forFeature`. */
  static forRoot(): DynamicModule {
    return TypeOrmModule.forRootAsync({
      inject: [SETTINGS],
      useFactory: (settings: Settings) => ({
        ...dataSourceOptions(requireDatabaseUrl(settings), settings.DATABASE_POOL_SIZE),
        autoLoadEntities: true,
        retryAttempts: 10,
        retryDelay: 1_000,
      }),
    });
  }
}

/** @throws {SettingsError} when there is none: api and worker do not start a database of their own. */
export function requireDatabaseUrl(settings: Settings): string {
  if (settings.DATABASE_URL !== undefined) return settings.DATABASE_URL;
  throw new SettingsError(['DATABASE_URL: is required here; `npm start` provides an embedded PostgreSQL instead']);
}

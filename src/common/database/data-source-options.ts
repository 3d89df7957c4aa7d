import type { PostgresDataSourceOptions } from 'typeorm/driver/postgres/PostgresDataSourceOptions.js';
import { migrations } from '../../../migrations/registry.js';
import { SnakeCaseNames } from './snake-case-names.js';

/** How Nestor connects to PostgreSQL; entities are added by whoever composes the modules. */
export function dataSourceOptions(databaseUrl: string, poolSize: number): PostgresDataSourceOptions {
  return {
    type: 'postgres',
    url: databaseUrl,
    applicationName: 'nestor',
    namingStrategy: new SnakeCaseNames(),
    migrations: [...migrations],
    migrationsTableName: 'migrations',
    migrationsTransactionMode: 'each',
    synchronize: false,
    logging: false,
    installExtensions: false,
    poolSize,
    // A pool without this listener lets a lost idle connection end the process.
    poolErrorHandler: () => undefined,
    connectTimeoutMS: 10_000,
    extra: { statement_timeout: 60_000, idle_in_transaction_session_timeout: 60_000 },
  };
}

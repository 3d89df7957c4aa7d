import { DataSource } from 'typeorm';
import { migrations } from '../../../migrations/registry.js';
import { dataSourceOptions } from './data-source-options.js';
import { advisoryLocks } from './advisory-locks.js';

/** The database was migrated by a later Nestor, so this one must not touch it. */
export class DatabaseNewerError extends Error {
  constructor(unknown: readonly string[]) {
    super(
      `The database was migrated by a newer Nestor (it has ${unknown.join(', ')}, which this version does not know). ` +
        'Start that newer version, or restore a backup from before the upgrade.',
    );
    this.name = 'DatabaseNewerError';
  }
}

/**
 * Brings the database to the state of this code. Safe to call from several processes at once.
 * @returns the names of the migrations that were applied now.
 * @throws {DatabaseNewerError} when the database knows migrations that this code does not.
 */
export async function migrate(databaseUrl: string): Promise<{ applied: string[] }> {
  const dataSource = new DataSource({ ...dataSourceOptions(databaseUrl, 2), entities: [] });
  await dataSource.initialize();
  const lock = dataSource.createQueryRunner();
  try {
    await lock.query('SELECT pg_advisory_lock($1)', [advisoryLocks.migration]);
    await refuseNewer(dataSource);
    const applied = await dataSource.runMigrations();
    return { applied: applied.map((migration) => migration.name) };
  } finally {
    await lock.query('SELECT pg_advisory_unlock($1)', [advisoryLocks.migration]).catch(() => undefined);
    await lock.release();
    await dataSource.destroy();
  }
}

async function refuseNewer(dataSource: DataSource): Promise<void> {
  const [table] = await dataSource.query<{ name: string | null }[]>(`SELECT to_regclass('migrations')::text AS name`);
  if (table?.name === null || table === undefined) return;
  const rows = await dataSource.query<{ name: string }[]>('SELECT name FROM migrations ORDER BY id');
  const known = new Set(migrations.map((migration) => migration.name));
  const unknown = rows.map((row) => row.name).filter((name) => !known.has(name));
  if (unknown.length > 0) throw new DatabaseNewerError(unknown);
}

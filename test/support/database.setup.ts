import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { EmbeddedPostgres } from '../../src/launcher/postgres/embedded-postgres.js';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A PostgreSQL in which tests may make databases. */
    testServerUrl: string;
    /** Every database of this test run has a name that starts so. */
    testDatabasePrefix: string;
  }
}

const PREFIX = 'nestor_test_';
/** Databases this old belong to runs that were killed. */
const LEFTOVER_AFTER_MS = 6 * 3_600_000;

/** Provides every test run with a PostgreSQL: `TEST_DATABASE_URL`, or an embedded one that ends with the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['TEST_DATABASE_URL'];
  const server = given === undefined || given === '' ? await startEmbedded() : { url: given, stop: async () => {} };
  const prefix = `${PREFIX}${Date.now().toString(36)}_${process.pid}_`;
  project.provide('testServerUrl', server.url);
  project.provide('testDatabasePrefix', prefix);
  return async () => {
    if (given !== undefined && given !== '') await dropDatabases(given, prefix);
    await server.stop();
  };
}

async function startEmbedded(): Promise<{ url: string; stop(): Promise<void> }> {
  const home = await mkdtemp(join(tmpdir(), 'nestor-test-database-'));
  // As root the server runs as another user, who has to reach its data.
  await chmod(home, 0o711);
  const postgres = await EmbeddedPostgres.start({
    home,
    log: join(home, 'postgres.log'),
    maxConnections: 300,
    durable: false,
  });
  return {
    url: postgres.url,
    stop: async () => {
      await postgres.stop(5_000);
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function dropDatabases(url: string, prefix: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query<{ name: string }>(
      `SELECT datname AS name FROM pg_database WHERE starts_with(datname, $1)`,
      [PREFIX],
    );
    for (const { name } of found.rows) {
      const startedAt = Number.parseInt(name.slice(PREFIX.length), 36);
      if (!name.startsWith(prefix) && Date.now() - startedAt < LEFTOVER_AFTER_MS) continue;
      await client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    }
  } finally {
    await client.end();
  }
}

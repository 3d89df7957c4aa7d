import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import { migrate } from '../../src/common/database/migrate.js';

/** Key of the advisory lock under which the template is made: any constant that Nestor itself does not use. */
const TEMPLATE_LOCK = 6_370_715;

/** A database of one test file, migrated and empty. */
export interface TestDatabase {
  readonly url: string;
  /** Removes the database, also while somebody is still connected to it. */
  drop(): Promise<void>;
}

/** Makes a database by copying a template that the first caller of the test run migrates. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const template = `${inject('testDatabasePrefix')}template`;
  return createDatabase(template, async (client) => {
    // Also keeps two copies apart: a database that somebody is connected to cannot be copied.
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    await ensureTemplate(client, template);
  });
}

/** Makes a database that no migration has touched. */
export async function createEmptyDatabase(): Promise<TestDatabase> {
  return createDatabase('template0', async () => undefined);
}

async function createDatabase(template: string, prepare: (client: Client) => Promise<void>): Promise<TestDatabase> {
  const name = `${inject('testDatabasePrefix')}${randomUUID().replaceAll('-', '').slice(0, 12)}`;
  await onServer(async (client) => {
    await prepare(client);
    await client.query(`CREATE DATABASE "${name}" TEMPLATE "${template}"`);
  });
  return {
    url: urlOf(name),
    drop: () =>
      onServer(async (client) => {
        await client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
      }),
  };
}

async function ensureTemplate(client: Client, template: string): Promise<void> {
  const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [template]);
  if (found.rowCount !== 0) return;
  const unfinished = `${template}_new`;
  await client.query(`DROP DATABASE IF EXISTS "${unfinished}" WITH (FORCE)`);
  await client.query(`CREATE DATABASE "${unfinished}" TEMPLATE template0`);
  await migrate(urlOf(unfinished));
  await client.query(`ALTER DATABASE "${unfinished}" RENAME TO "${template}"`);
}

async function onServer(work: (client: Client) => Promise<void>): Promise<void> {
  const client = new Client({ connectionString: inject('testServerUrl') });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(database: string): string {
  const url = new URL(inject('testServerUrl'));
  url.pathname = `/${database}`;
  return url.href;
}

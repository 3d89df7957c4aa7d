import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { migrate } from '../../src/common/database/migrate.js';

const SERVER = 'postgres://postgres@127.0.0.1:5432';

/** A migrated database that one test file has to itself. */
export interface TestDatabase {
  readonly url: string;
  /** Removes it, whoever is still connected. */
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `nestor_test_${randomBytes(8).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name}`);
  const url = `${SERVER}/${name}`;
  await migrate(url);
  return { url, drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

async function onServer(statement: string): Promise<void> {
  const client = new pg.Client(`${SERVER}/postgres`);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

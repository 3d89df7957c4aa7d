import { Client } from 'pg';
import { expect, it } from 'vitest';
import { createEmptyDatabase, createTestDatabase } from '../../support/database.js';

async function tablesOf(url: string): Promise<string[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    const found = await client.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`,
    );
    return found.rows.map((row) => row.name);
  } finally {
    await client.end();
  }
}

it('gives each caller a migrated database of its own', async () => {
  const [first, second] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  expect(first.url).not.toBe(second.url);
  expect(await tablesOf(first.url)).toContain('migrations');
  expect(await tablesOf(second.url)).toContain('migrations');
  await Promise.all([first.drop(), second.drop()]);
  await expect(tablesOf(first.url)).rejects.toThrow(/does not exist/);
});

it('gives an empty one too', async () => {
  const empty = await createEmptyDatabase();
  expect(await tablesOf(empty.url)).toEqual([]);
  await empty.drop();
});

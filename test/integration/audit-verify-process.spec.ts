import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databaseFile } from '../../src/common/database/database-url.js';
import { built } from '../support/built.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let script: string;
let home: string;
let database: TestDatabase;

beforeAll(async () => {
  script = await built('src/audit-verify.main.js');
  home = await mkdtemp(join(tmpdir(), 'nestor-audit-verify-'));
  database = await createTestDatabase();
}, 120_000);
afterAll(async () => {
  await database.drop();
  await rm(home, { recursive: true, force: true });
});

function run(environment: Readonly<Record<string, string>>) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script], {
    env: { PATH: process.env['PATH'], NESTOR_HOME: home, ...environment },
    encoding: 'utf8',
    timeout: 25_000,
  });
  return { status, output: stdout + stderr };
}

describe('npm run audit:verify', () => {
  it('ends with 2 when it knows of no database', () => {
    const { status, output } = run({});
    expect(output).toContain('DATABASE_URL: is not set');
    expect(status).toBe(2);
  });

  it('ends with 78 when the configuration is not valid', () => {
    const { status, output } = run({ DATABASE_URL: 'mysql://nowhere' });
    expect(output).toContain('DATABASE_URL: must be a URL that starts with postgres://');
    expect(status).toBe(78);
  });

  it('ends with 0 for a sound trail', () => {
    const { status, output } = run({ DATABASE_URL: database.url });
    expect(output).toMatch(/^The audit trail is sound\. Events: 0, writers: 0, time: [\d.]+ s\.\n$/);
    expect(status).toBe(0);
  });

  it('finds the embedded database of the state folder, and ends with 1 for a trail that is not sound', async () => {
    await writeFile(databaseFile(home), JSON.stringify({ url: database.url }));
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(`INSERT INTO audit_writers VALUES (gen_random_uuid(), 'p', now(), 3, '\\x00')`);
    await client.end();
    const { status, output } = run({});
    expect(output).toMatch(
      /^REMOVED: writer \S+, number 1: Events 1 to 3 were removed\.\nThe audit trail is not sound, problems: 1\./,
    );
    expect(status).toBe(1);
  });
});

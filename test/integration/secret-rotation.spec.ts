import { pino } from 'pino';
import pg from 'pg';
import { register } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FieldEncryption } from '../../src/common/crypto/field-encryption.js';
import { InstallationSecret } from '../../src/common/crypto/installation-secret.js';
import { startWorker } from '../../src/worker.js';
import { DataSourcesClient } from '../support/data-sources.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const OLD = 'the secret of this installation, from before';
const NEW = 'the secret of this installation, from now on';

let nestor: TestNestor;
let database: pg.Client;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false, overrides: { NESTOR_SECRET: OLD } });
  database = new pg.Client({ connectionString: nestor.settings.DATABASE_URL });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await nestor.close();
});

const stored = async () =>
  (
    await database.query<{ id: string; name: string; secrets: Record<string, string> }>(
      'SELECT id, name, secrets FROM data_sources ORDER BY name',
    )
  ).rows;

describe('the rotation of the secret', () => {
  it('encrypts the secrets of sources anew when a worker starts, and leaves what it cannot read', async () => {
    const sources = new DataSourcesClient(nestor);
    const input = { schema: { columns: [{ name: 'id', type: 'INT64' }] } };
    const secrets = [
      { name: 'password', value: 'one' },
      { name: 'token', value: 'two' },
    ];
    await sources.create('foreign', { ...input, secrets });
    await sources.create('rotated', { ...input, secrets });
    await database.query(`UPDATE data_sources SET secrets = '{"password": "v1.00000000.AAAA"}' WHERE name = 'foreign'`);
    const [foreign] = await stored();
    register.clear();
    const settings = { ...nestor.settings, NESTOR_SECRET: NEW, NESTOR_PREVIOUS_SECRETS: [OLD] };
    const worker = await startWorker(settings, pino({ level: 'silent' }));
    await worker.close();
    const [left, rotated] = await stored();
    expect(left).toEqual(foreign);
    const encryption = new FieldEncryption(new InstallationSecret(NEW));
    const read = Object.entries(rotated?.secrets ?? {}).map(([name, value]) => [
      name,
      encryption.decrypt(value, { table: 'data_sources', row: rotated?.id ?? '', column: `secrets.${name}` }),
    ]);
    expect(Object.fromEntries(read)).toEqual({ password: 'one', token: 'two' });
    const { rows } = await database.query<{ resource_id: string }>(
      "SELECT resource_id FROM audit_events WHERE action = 'data-source.rotate-secrets' AND outcome = 'SUCCESS'",
    );
    expect(rows).toEqual([{ resource_id: 'rotated' }]);
  });
});

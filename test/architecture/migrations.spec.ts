import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { migrations } from '../../migrations/registry.js';
import { packageRoot } from '../../src/common/process/package-root.js';
import { startTestApi, type TestApi } from '../support/api.js';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
afterAll(() => api.close());

describe('migrations', () => {
  it('bring a database to exactly what the entities say', async () => {
    const { upQueries } = await api.app.get(DataSource).driver.createSchemaBuilder().log();
    expect(upQueries.map(({ query }) => query)).toEqual([]);
  });

  it('are all registered, in the order of their timestamps', () => {
    const files = readdirSync(join(packageRoot, 'migrations')).filter((name) => /^\d+-/.test(name));
    const timestamps = files.map((name) => name.split('-')[0] ?? '').sort((one, other) => one.localeCompare(other));
    expect(migrations.map(({ name }) => /(\d+)$/.exec(name)?.[1])).toEqual(timestamps);
  });
});

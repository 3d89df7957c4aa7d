import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { DataEngine } from '../../src/modules/feature-store/engine/data-engine.js';
import { readHistoricalFeatures } from '../../src/modules/feature-store/offline/historical-features.js';
import type { OnlineStore, OnlineView } from '../../src/modules/feature-store/online/online-store.js';
import { PostgresOnlineStore } from '../../src/modules/feature-store/online/postgres-online-store.js';
import { RedisOnlineStore } from '../../src/modules/feature-store/online/redis-online-store.js';
import type { FeatureValue, TypedColumn } from '../../src/modules/feature-store/value-types.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { testRedisUrl } from '../support/redis.js';

const MIB = 1024 * 1024;
const TTL_MS = 2;

let folder: string;
let engine: DataEngine;
let database: TestDatabase;
let dataSource: DataSource;
const redisUrl = testRedisUrl();
const redis = redisUrl === null ? null : new Redis(redisUrl, { lazyConnect: true });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-feature-values-'));
  engine = await DataEngine.open({
    memoryBytes: 128 * MIB,
    threads: 1,
    temporaryFolder: join(folder, 'temporary'),
    maxTemporaryBytes: 64 * MIB,
    folders: [folder],
  });
  await engine.run('CREATE TABLE observations ("user" VARCHAR, event TIMESTAMP, created TIMESTAMP, value DOUBLE)');
  await engine.run('CREATE TABLE labels ("user" VARCHAR, "at" TIMESTAMP)');
  database = await createTestDatabase();
  dataSource = await new DataSource(dataSourceOptions(database.url, 2)).initialize();
});
afterAll(async () => {
  redis?.disconnect();
  await dataSource.destroy();
  await database.drop();
  await engine.close();
  await rm(folder, { recursive: true });
});

const columns: TypedColumn[] = [
  { name: 'user', type: 'STRING' },
  { name: 'event', type: 'TIMESTAMP' },
  { name: 'created', type: 'TIMESTAMP' },
  { name: 'value', type: 'FLOAT64' },
];

async function refill(table: string, ofTable: readonly TypedColumn[], rows: readonly FeatureValue[][]): Promise<void> {
  await engine.run(`DELETE FROM ${table}`);
  await engine.append(
    table,
    ofTable,
    (async function* once() {
      yield await Promise.resolve(rows);
    })(),
  );
}

const stores: [string, () => OnlineStore][] = [['PostgreSQL', () => new PostgresOnlineStore(dataSource)]];
if (redis !== null) stores.push(['Redis', () => new RedisOnlineStore(redis)]);

describe.each(stores)('feature values in %s', (_, storeOf) => {
  it('are those of the point-in-time join at the same moment', async () => {
    const now = Date.now();
    const moment = fc.integer({ min: 0, max: 10 }).map((step) => now - step / 2);
    const users = ['a', 'ü:b', ''];
    const row = fc.record({
      user: fc.constantFrom(...users),
      event: moment,
      created: fc.option(moment),
      value: fc.option(fc.double()),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(row, { maxLength: 8 }), { maxLength: 4 }), async (batches) => {
        const view: OnlineView = {
          workspaceId: randomUUID(),
          id: randomUUID(),
          name: 'observations',
          keys: columns.slice(0, 1),
          features: columns.slice(3),
          ttlMs: TTL_MS,
        };
        for (const batch of batches) {
          await storeOf().write(
            view,
            batch.map(({ user, event, created, value }) => ({
              entity: [user],
              eventTime: event,
              createdTime: created,
              values: [value],
            })),
          );
        }
        const read = { view, features: ['value'], entities: users.map((user) => [user]) };
        const [online] = await storeOf().read([read], now);
        await storeOf().removeView(view);

        await refill(
          'observations',
          columns,
          batches.flat().map(({ user, event, created, value }) => [user, event, created, value]),
        );
        await refill(
          'labels',
          [...columns.slice(0, 1), { name: 'at', type: 'TIMESTAMP' }],
          users.map((user) => [user, now]),
        );
        const offline: FeatureValue[] = [];
        const request = {
          labels: { relation: 'labels', eventTime: 'at' },
          views: [
            {
              name: 'observations',
              relation: 'observations',
              keys: [{ label: 'user', view: 'user' }],
              eventTime: 'event',
              createdTime: 'created',
              ttlMs: TTL_MS,
              features: [{ column: 'value', as: 'value' }],
            },
          ],
        };
        for await (const rows of readHistoricalFeatures(engine, request)) {
          offline.push(...rows.map(({ value }) => value ?? null));
        }
        expect(online?.map(({ values }) => values[0])).toEqual(offline);
      }),
      { numRuns: 60 },
    );
  });
});

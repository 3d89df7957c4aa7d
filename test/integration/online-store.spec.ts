import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import type { ErrorCode } from '../../src/common/errors/error-table.js';
import {
  KEPT_AFTER_MS,
  type OnlineRead,
  type OnlineRow,
  type OnlineStore,
  type OnlineView,
  type OnlineWrite,
} from '../../src/modules/feature-store/online/online-store.js';
import { PostgresOnlineStore } from '../../src/modules/feature-store/online/postgres-online-store.js';
import { RedisOnlineStore } from '../../src/modules/feature-store/online/redis-online-store.js';
import type { FeatureValue, TypedColumn } from '../../src/modules/feature-store/value-types.js';
import { connectRedis } from '../../src/common/redis/redis.module.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { testRedisUrl } from '../support/redis.js';
import { openRelay } from '../support/relay.js';

const DAY_MS = 24 * 3_600_000;

const coded = (code: ErrorCode): unknown => expect.objectContaining({ name: 'CodedError', code });

let database: TestDatabase;
let dataSource: DataSource;
let postgres: PostgresOnlineStore;
const redisUrl = testRedisUrl();
const redis = redisUrl === null ? null : new Redis(redisUrl, { lazyConnect: true });
const workspaces: string[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource(dataSourceOptions(database.url, 10)).initialize();
  postgres = new PostgresOnlineStore(dataSource);
});
afterAll(async () => {
  for (const workspaceId of workspaces) {
    const keys = (await redis?.keys(`nestor:online:${workspaceId}:*`)) ?? [];
    if (keys.length > 0) await redis?.unlink(keys);
  }
  redis?.disconnect();
  await dataSource.destroy();
  await database.drop();
});

const everyType: readonly TypedColumn[] = [
  { name: 'text', type: 'STRING' },
  { name: 'count', type: 'INT64' },
  { name: 'rate', type: 'FLOAT64' },
  { name: 'active', type: 'BOOLEAN' },
  { name: 'seen', type: 'TIMESTAMP' },
  { name: 'document', type: 'JSON' },
];

function newView(changes: Partial<OnlineView> = {}): OnlineView {
  const workspaceId = randomUUID();
  workspaces.push(workspaceId);
  return {
    workspaceId,
    id: randomUUID(),
    name: 'profile',
    keys: [{ name: 'user', type: 'STRING' }],
    features: [{ name: 'score', type: 'FLOAT64' }],
    ttlMs: null,
    ...changes,
  };
}

const rowOf = (
  entity: string,
  eventTime: number,
  score: number | null,
  createdTime: number | null = null,
): OnlineWrite => ({
  entity: [entity],
  eventTime,
  createdTime,
  values: [score],
});

/** A value that tells the times, so that which of two equal rows came last makes no difference. */
const scoreAt = ({ eventTime, createdTime }: Pick<OnlineWrite, 'eventTime' | 'createdTime'>): number =>
  eventTime * 1_000_000 + (createdTime ?? -1) + 1;

const readOf = (view: OnlineView, ...entities: FeatureValue[]): OnlineRead => ({
  view,
  features: view.features.map(({ name }) => name),
  entities: entities.map((entity) => [entity]),
});

const stores: [string, () => OnlineStore][] = [['PostgreSQL', () => postgres]];
if (redis !== null) stores.push(['Redis', () => new RedisOnlineStore(redis)]);

describe.each(stores)('the online store in %s', (_, storeOf) => {
  const rowsOf = async (view: OnlineView, entities: FeatureValue[], now?: number): Promise<OnlineRow[]> =>
    (await storeOf().read([readOf(view, ...entities)], now))[0] ?? [];
  const scoreOf = async (view: OnlineView, entity: string) => (await rowsOf(view, [entity]))[0]?.values[0];

  it('gives values back as they were written, whatever their type', async () => {
    const view = newView({ features: everyType });
    const rows: FeatureValue[][] = [
      ['a:b "c" \\ {d} \u0000 \n é 𝄞', 9_007_199_254_740_993n, NaN, true, 1_700_000_000_123.456, '{"a": [1,  2]}'],
      ['', -(2n ** 63n), Infinity, false, -1, 'null'],
      ['n', 42, -Infinity, true, 0, '"\\u0000"'],
      ['NaN', -7, -0, false, 1_700_000_000_000, '{}'],
      ['1e3', 0, 5e-324, true, 1, '[]'],
    ];
    const entities = rows.map((__, index) => `user ${index}`);
    const writes = rows.map((values, index) => ({
      entity: [entities[index] ?? ''],
      eventTime: 5,
      createdTime: null,
      values,
    }));
    expect(await storeOf().write(view, writes)).toEqual({ written: rows.length, superseded: 0 });
    expect(await rowsOf(view, entities)).toEqual(
      rows.map((values) => ({ eventTime: 5, values, statuses: values.map(() => 'PRESENT') })),
    );
  });

  it('knows entities by all parts of their keys, types included', async () => {
    const keys: TypedColumn[] = [
      { name: 'shop', type: 'STRING' },
      { name: 'number', type: 'INT64' },
    ];
    const view = newView({ keys });
    const entities: FeatureValue[][] = [
      ['a:1', 1],
      ['a', 11],
      ['a:1:', 1n << 60n],
      ['', 0],
      ['\u0000', -1],
      ['ключ 鍵 🔑', 5],
      ['*', 5],
      ['a b', 5],
    ];
    const values = entities.map((__, index) => index);
    await storeOf().write(
      view,
      entities.map((entity, index) => ({ entity, eventTime: 1, createdTime: null, values: [values[index] ?? null] })),
    );
    const [rows] = await storeOf().read([{ view, features: ['score'], entities: [...entities, ['a', 5n]] }]);
    expect(rows?.map((row) => row.values[0])).toEqual([...values, null]);
    // A small whole number is the same entity, whichever way it comes.
    const [again] = await storeOf().read([{ view, features: ['score'], entities: [['ключ 鍵 🔑', 5n]] }]);
    expect(again?.[0]?.values).toEqual([5]);
  });

  it('tells a null from what was never written, and an unknown entity from both', async () => {
    const view = newView({ features: everyType.slice(0, 2) });
    await storeOf().write(view, [{ entity: ['known'], eventTime: 9, createdTime: null, values: [null, 3] }]);
    const wider = { ...view, features: [...view.features, { name: 'later', type: 'INT64' as const }] };
    expect(await rowsOf(wider, ['known', 'unknown', null])).toEqual([
      { eventTime: 9, values: [null, 3, null], statuses: ['NULL_VALUE', 'PRESENT', 'NOT_FOUND'] },
      { eventTime: null, values: [null, null, null], statuses: ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'] },
      { eventTime: null, values: [null, null, null], statuses: ['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'] },
    ]);
  });

  it('holds back what is older than the TTL of its view, to the millisecond', async () => {
    const now = Date.now();
    const [brief, long] = [newView({ ttlMs: 1_000 }), newView({ ttlMs: 10_000 })];
    for (const view of [brief, long]) await storeOf().write(view, [rowOf('user', now, 1), rowOf('null', now, null)]);
    const reads = [
      readOf(brief, 'user', 'null'),
      readOf(long, 'user', 'null'),
      readOf({ ...long, ttlMs: null }, 'user'),
    ];
    const statusesAt = async (at: number) =>
      (await storeOf().read(reads, at)).map((rows) => rows.map(({ statuses }) => statuses[0]));
    const both = ['PRESENT', 'NULL_VALUE'];
    const none = ['OUTSIDE_MAX_AGE', 'OUTSIDE_MAX_AGE'];
    expect(await statusesAt(now + 1_000)).toEqual([both, both, ['PRESENT']]);
    expect(await statusesAt(now + 1_001)).toEqual([none, both, ['PRESENT']]);
    expect(await statusesAt(now + 10_001)).toEqual([none, none, ['PRESENT']]);
    // An event of the future is known from when it is written.
    expect(await statusesAt(now - 1)).toEqual([both, both, ['PRESENT']]);
    const [stale] = await rowsOf(brief, ['user'], now + 5_000);
    expect(stale).toEqual({ eventTime: now, values: [null], statuses: ['OUTSIDE_MAX_AGE'] });
  });

  it('lets the newest event win, then the newest created time, then the last that came', async () => {
    const view = newView();
    const write = async (...row: Parameters<typeof rowOf>) => (await storeOf().write(view, [rowOf(...row)])).written;
    expect(await write('user', 100, 1)).toBe(1);
    expect(await write('user', 99.999, 2)).toBe(0);
    expect(await write('user', 100, 3)).toBe(1);
    expect(await write('user', 100, 4, -1)).toBe(1);
    expect(await write('user', 100, 5)).toBe(0);
    expect(await write('user', 100, 6, 50)).toBe(1);
    expect(await write('user', 100, 7, 49)).toBe(0);
    expect(await write('user', 100, 8, 50)).toBe(1);
    expect(await scoreOf(view, 'user')).toBe(8);
    expect(await write('user', 100.001, 9)).toBe(1);
    expect(await scoreOf(view, 'user')).toBe(9);
  });

  it('decides within a batch as it does between batches', async () => {
    const view = newView();
    const rows = [rowOf('a', 2, 1), rowOf('b', 1, 2), rowOf('a', 1, 3), rowOf('a', 2, 4), rowOf('b', 1, 5, 0)];
    expect(await storeOf().write(view, rows)).toEqual({ written: 2, superseded: 3 });
    expect([await scoreOf(view, 'a'), await scoreOf(view, 'b')]).toEqual([4, 5]);
  });

  it('ends with the newest rows, however many write them in whatever order', async () => {
    const moment = fc.integer({ min: 0, max: 4 });
    const write = fc.record({
      entity: fc.constantFrom('a', 'b', 'ü:c'),
      eventTime: moment.map((at) => at / 1_000),
      createdTime: fc.option(moment),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(write, { maxLength: 5 }), { maxLength: 8 }), async (batches) => {
        const view = newView();
        const results = await Promise.all(
          batches.map((batch) =>
            storeOf().write(
              view,
              batch.map((row) => rowOf(row.entity, row.eventTime, scoreAt(row), row.createdTime)),
            ),
          ),
        );
        for (const [index, { written, superseded }] of results.entries()) {
          expect(written + superseded).toBe(batches[index]?.length);
        }
        for (const entity of ['a', 'b', 'ü:c']) {
          const all = batches.flat().filter((row) => row.entity === entity);
          const newest = all.length === 0 ? null : Math.max(...all.map(scoreAt));
          expect(await scoreOf(view, entity)).toBe(newest);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('takes large batches of several writers who cross each other', async () => {
    const view = newView({ ttlMs: DAY_MS });
    const now = Date.now();
    const entities = Array.from({ length: 2_500 }, (__, index) => `user ${index}`);
    const writers = Array.from({ length: 6 }, async (__, writer) => {
      const rows = entities.map((entity, index) => rowOf(entity, now + ((writer + index) % 6), (writer + index) % 6));
      return storeOf().write(view, writer % 2 === 0 ? rows : rows.toReversed());
    });
    for (const { written, superseded } of await Promise.all(writers))
      expect(written + superseded).toBe(entities.length);
    const rows = await rowsOf(view, entities);
    expect(rows).toHaveLength(entities.length);
    expect(new Set(rows.map(({ values }) => values[0]))).toEqual(new Set([5]));
  });

  it('lets entities be written and forgotten at the same time', async () => {
    const view = newView();
    const entities = Array.from({ length: 400 }, (__, index) => `user ${index}`);
    const work = Array.from({ length: 12 }, async (__, turn) => {
      const names = turn % 2 === 0 ? entities : entities.toReversed();
      if (turn % 3 === 2)
        return storeOf().remove(
          view,
          names.map((name) => [name]),
        );
      if (turn % 6 === 1) return storeOf().removeView(view);
      return storeOf().write(
        view,
        names.map((name) => rowOf(name, turn, turn)),
      );
    });
    await Promise.all(work);
    await storeOf().removeView(view);
    expect(new Set((await rowsOf(view, entities)).map(({ statuses }) => statuses[0]))).toEqual(new Set(['NOT_FOUND']));
  });

  it('reads several views at once, each with its own features and entities, in the order asked', async () => {
    const [users, shops] = [newView(), newView({ features: everyType.slice(0, 3), name: 'shops' })];
    await storeOf().write(users, [rowOf('a', 1, 1), rowOf('b', 1, 2)]);
    await storeOf().write(shops, [{ entity: ['a'], eventTime: 2, createdTime: null, values: ['x', 7, 0.5] }]);
    const answers = await storeOf().read([
      readOf(users, 'b', 'none', 'a', 'b'),
      { view: shops, features: ['rate', 'text'], entities: [['a']] },
      { view: shops, features: [], entities: [['a'], ['none']] },
      { view: shops, features: ['count'], entities: [] },
    ]);
    expect(answers.map((rows) => rows.map(({ values }) => values))).toEqual([
      [[2], [null], [1], [2]],
      [[0.5, 'x']],
      [[], []],
      [],
    ]);
    expect(await storeOf().read([])).toEqual([]);
    expect(await storeOf().write(users, [])).toEqual({ written: 0, superseded: 0 });
  });

  it('keeps workspaces and views apart', async () => {
    const view = newView();
    const others = [newView({ id: view.id }), { ...view, id: randomUUID() }];
    await storeOf().write(view, [rowOf('user', 1, 1)]);
    for (const other of others) expect(await scoreOf(other, 'user')).toBeNull();
    for (const other of others) await storeOf().write(other, [rowOf('user', 9, 9)]);
    expect(await scoreOf(view, 'user')).toBe(1);
    await storeOf().removeView(others[0] ?? view);
    expect([await scoreOf(view, 'user'), await scoreOf(others[1] ?? view, 'user')]).toEqual([1, 9]);
  });

  it('forgets entities and views', async () => {
    const view = newView();
    const entities = Array.from({ length: 1_200 }, (__, index) => `user ${index}`);
    await storeOf().write(
      view,
      entities.map((entity) => rowOf(entity, 1, 1)),
    );
    expect(await storeOf().remove(view, [['user 0'], ['user 1'], ['none'], [null]])).toBe(2);
    expect((await rowsOf(view, ['user 0', 'user 2'])).map(({ eventTime }) => eventTime)).toEqual([null, 1]);
    await storeOf().removeView(view);
    expect((await rowsOf(view, entities)).every(({ eventTime }) => eventTime === null)).toBe(true);
  });

  it.each<[string, OnlineWrite]>([
    ['holds FLOAT64, which the text "high" is not', { ...rowOf('user', 1, null), values: ['high'] }],
    ['has 2 values, but the view has 1 features', { ...rowOf('user', 1, null), values: [1, 2] }],
    ['has a null in its entity key', { ...rowOf('user', 1, 1), entity: [null] }],
    ['has 2 values; it needs 1 (user)', { ...rowOf('user', 1, 1), entity: ['user', 'other'] }],
    ['user holds STRING, which 5 is not', { ...rowOf('user', 1, 1), entity: [5] }],
    ['is longer than 1024 bytes', rowOf('é'.repeat(600), 1, 1)],
    ['has no valid event time', rowOf('user', NaN, 1)],
    ['has no valid created time', rowOf('user', 1, 1, Infinity)],
  ])('refuses a batch with a row that %s, and writes nothing of it', async (message, row) => {
    const view = newView();
    const refused = storeOf().write(view, [rowOf('fine', 1, 1), row]);
    await expect(refused).rejects.toEqual(coded('INVALID_INPUT'));
    await expect(refused).rejects.toThrow(message);
    expect(await scoreOf(view, 'fine')).toBeNull();
  });

  it('refuses to read a feature that the view does not have', async () => {
    const read = storeOf().read([{ view: newView(), features: ['constructor'], entities: [['user']] }]);
    await expect(read).rejects.toEqual(coded('INVALID_INPUT'));
  });
});

describe('rows in PostgreSQL', () => {
  it('are neither read nor in the way when they have expired, and are swept', async () => {
    const view = newView({ ttlMs: 1_000 });
    const expire = () =>
      dataSource.query(`UPDATE online_features SET expires_at = now() - interval '1 s' WHERE view_id = $1`, [view.id]);
    const events = async () => (await postgres.read([readOf(view, 'user')]))[0]?.map(({ eventTime }) => eventTime);
    await postgres.write(view, [rowOf('user', 100, 1)]);
    await expire();
    expect(await events()).toEqual([null]);
    expect(await postgres.remove(view, [['user']])).toBe(0);
    await postgres.write(view, [rowOf('user', 100, 1)]);
    await expire();
    expect(await postgres.write(view, [rowOf('user', 50, 2)])).toEqual({ written: 1, superseded: 0 });
    expect(await events()).toEqual([50]);
    await expire();
    await postgres.sweep();
    expect(await dataSource.query('SELECT 1 FROM online_features WHERE view_id = $1', [view.id])).toEqual([]);
  });

  it('end in a coded error when the database is away', async () => {
    const away = await new DataSource(dataSourceOptions(database.url, 1)).initialize();
    await away.destroy();
    await expect(new PostgresOnlineStore(away).read([readOf(newView(), 'user')])).rejects.toEqual(
      coded('SERVICE_UNAVAILABLE'),
    );
  });
});

describe.skipIf(redis === null)('hashes in Redis', () => {
  const server = redis as Redis;
  const lifetimeOf = async ({ workspaceId }: OnlineView) =>
    server.pttl((await server.keys(`nestor:online:${workspaceId}:*`))[0] ?? 'none');

  it('expire when nobody needs them any more', async () => {
    const store = new RedisOnlineStore(server);
    const view = newView({ ttlMs: 7 * DAY_MS });
    const near = async (expected: number) => {
      const lifetime = await lifetimeOf(view);
      expect(Math.abs(lifetime - expected)).toBeLessThan(60_000);
    };
    const now = Date.now();
    await store.write(view, [rowOf('user', now - 30 * DAY_MS, 1)]);
    await near(KEPT_AFTER_MS);
    await store.write(view, [rowOf('user', now, 1)]);
    await near(7 * DAY_MS + KEPT_AFTER_MS);
    await store.write(view, [rowOf('user', now - 1, 1)]);
    await near(7 * DAY_MS + KEPT_AFTER_MS);
    await store.write({ ...view, ttlMs: null }, [rowOf('user', now + 1, 1)]);
    expect(await lifetimeOf(view)).toBe(-1);
  });

  it('end in a coded error when Redis is away or does not answer, and are there again afterwards', async () => {
    const { hostname, port, pathname } = new URL(redisUrl ?? '');
    const relay = await openRelay({ host: hostname, port: Number(port || 6379) });
    const connection = connectRedis(`redis://127.0.0.1:${relay.port}${pathname}`, { warn: () => undefined } as never);
    try {
      const store = new RedisOnlineStore(connection);
      const view = newView();
      await store.write(view, [rowOf('user', 1, 1)]);
      for (const fail of [() => relay.down(), () => relay.loseAnswers()]) {
        fail();
        const work = [
          store.read([readOf(view, 'user')]),
          store.write(view, [rowOf('user', 2, 2)]),
          store.remove(view, [['other']]),
          store.removeView(newView()),
        ];
        for (const outcome of await Promise.allSettled(work)) {
          expect(outcome).toEqual({ status: 'rejected', reason: coded('SERVICE_UNAVAILABLE') });
        }
        relay.down();
        relay.up();
        await expect
          .poll(async () => (await store.read([readOf(view, 'user')]))[0]?.[0]?.statuses, { timeout: 10_000 })
          .toEqual(['PRESENT']);
      }
    } finally {
      connection.disconnect();
      await relay.close();
    }
  });
});

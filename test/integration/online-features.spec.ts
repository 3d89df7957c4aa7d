import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import type { FeatureViewRecord } from '../../src/modules/feature-store/definitions/feature-view.repository.js';
import type { OnlineStore } from '../../src/modules/feature-store/online/online-store.js';
import { onlineViewOf } from '../../src/modules/feature-store/online/online-view.rules.js';
import { PostgresOnlineStore } from '../../src/modules/feature-store/online/postgres-online-store.js';
import { RedisOnlineStore } from '../../src/modules/feature-store/online/redis-online-store.js';
import { OnlineFeatures } from '../../src/modules/feature-store/serving/online-features.js';
import type { FeatureSelection } from '../../src/modules/feature-store/serving/feature-selection.rules.js';
import { ServingPlans } from '../../src/modules/feature-store/serving/serving-plans.js';
import type { FeatureValue } from '../../src/modules/feature-store/value-types.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { definitionEntities, Definitions, featuresOf, stepsOf } from '../support/feature-views.js';
import { testRedisUrl } from '../support/redis.js';

const MAX_ENTITIES = 5;

let database: TestDatabase;
let dataSource: DataSource;
const redisUrl = testRedisUrl();
const redis = redisUrl === null ? null : new Redis(redisUrl, { lazyConnect: true });
const workspaceId = randomUUID();

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource({
    ...dataSourceOptions(database.url, 5),
    entities: definitionEntities,
  }).initialize();
});
afterAll(async () => {
  const keys = (await redis?.keys(`nestor:online:${workspaceId}:*`)) ?? [];
  if (keys.length > 0) await redis?.unlink(keys);
  redis?.disconnect();
  await dataSource.destroy();
  await database.drop();
});

const definitions = () => new Definitions(dataSource, workspaceId);

const stores: [string, () => OnlineStore][] = [['PostgreSQL', () => new PostgresOnlineStore(dataSource)]];
if (redis !== null) stores.push(['Redis', () => new RedisOnlineStore(redis)]);

describe.each(stores)('features online in %s', (storeName, storeOf) => {
  const named = (name: string) => `${name}-${storeName}`;
  let features: OnlineFeatures;
  beforeAll(() => {
    const { views, services } = definitions();
    features = new OnlineFeatures(
      { NESTOR_ONLINE_MAX_ENTITIES: MAX_ENTITIES },
      new ServingPlans(services, views),
      storeOf(),
    );
  });

  const write = (view: FeatureViewRecord, entity: FeatureValue[], values: FeatureValue[], eventTime = Date.now()) =>
    storeOf().write(onlineViewOf(view), [{ entity, eventTime, createdTime: null, values }]);

  const read = async (
    selection: FeatureSelection,
    entities: readonly Record<string, unknown>[],
    request?: Record<string, unknown>,
  ) => features.read(workspaceId, { selection, entities, request });

  const valuesOf = async (...call: Parameters<typeof read>) =>
    Object.fromEntries((await read(...call)).features.map(({ name, values }) => [name, values]));

  const refusal = async (...call: Parameters<typeof read>) => {
    const error: unknown = await read(...call).catch((thrown: unknown) => thrown);
    return error instanceof Error && 'code' in error ? `${String(error.code)} ${error.message}` : error;
  };

  it('are those of a service, in its order and by its names, from all its views', async () => {
    const users = await definitions().view(named('users'), {
      features: featuresOf({ name: 'age', type: 'INT64' }, { name: 'since', type: 'TIMESTAMP' }),
      ttlMs: 60_000,
    });
    const shops = await definitions().view(named('shops'), {
      entities: ['shop'],
      keys: [{ name: 'shop', type: 'INT64' }],
    });
    const service = named('risk');
    await definitions().service(service, [
      [shops, 'amount', 'shop amount'],
      [users, 'since'],
      [users, 'age'],
    ]);
    const now = Date.now();
    await write(users, ['ann'], [31, 1.5], now);
    await write(users, ['bob'], [null, 7], now);
    await write(users, ['cid'], [5, 5], now - 120_000);
    await write(shops, [7], [0.5], now - 1);
    const answer = await read({ service }, [
      { user: 'ann', shop: 7 },
      { user: 'bob', shop: 8 },
      { user: 'cid', shop: '7' },
      { user: 'dan', shop: null },
    ]);
    expect(answer.service).toMatchObject({ name: service, version: 1 });
    expect(answer.features).toEqual([
      {
        name: 'shop amount',
        type: 'FLOAT64',
        view: shops.name,
        viewVersion: 1,
        viewVersionId: shops.id,
        feature: 'amount',
        values: [0.5, null, 0.5, null],
        statuses: ['PRESENT', 'NOT_FOUND', 'PRESENT', 'NOT_FOUND'],
        eventTimes: [now - 1, null, now - 1, null],
      },
      expect.objectContaining({ name: 'since', type: 'TIMESTAMP', values: [1.5, 7, null, null] }),
      expect.objectContaining({
        name: 'age',
        values: [31, null, null, null],
        statuses: ['PRESENT', 'NULL_VALUE', 'OUTSIDE_MAX_AGE', 'NOT_FOUND'],
        eventTimes: [now, now, now - 120_000, null],
      }),
    ]);
  });

  it('can be named one by one, of a version or of the newest', async () => {
    const name = named('versions');
    const first = await definitions().view(name);
    await write(first, ['ann'], [1]);
    const [pinned, newest] = [`${name}@1:amount`, `${name}:amount`];
    expect(await valuesOf({ features: [newest, pinned] }, [{ user: 'ann' }])).toEqual({ [newest]: [1], [pinned]: [1] });
    const second = await definitions().view(name);
    await write(second, ['ann'], [2]);
    // What is newest is remembered for a moment.
    while ((await valuesOf({ features: [newest] }, [{ user: 'ann' }]))[newest]?.[0] !== 2) await sleep(50);
    const both = await valuesOf({ features: [newest, pinned] }, [{ user: 'ann' }]);
    while ((await valuesOf({ features: [newest, pinned] }, [{ user: 'ann' }]))[newest]?.[0] !== 2) await sleep(50);
    expect(both[pinned]).toEqual([1]);
  });

  it('are computed on demand from the request and from what is stored', async () => {
    const balances = await definitions().view(named('balances'));
    const reference = { versionId: balances.id, view: balances.name, version: 1, features: ['amount'] };
    const onDemand = await definitions().view(named('asked'), {
      source: { kind: 'REQUEST', fields: [{ name: 'price', type: 'FLOAT64' }], features: [reference] },
      entities: [],
      keys: [],
      columns: [
        { name: 'price', type: 'FLOAT64' },
        { name: 'amount', type: 'FLOAT64' },
      ],
      eventTime: null,
      features: featuresOf({ name: 'log_price', type: 'FLOAT64' }, { name: 'log_amount', type: 'FLOAT64' }),
      transformation: stepsOf(
        { kind: 'LOG1P', input: 'price', output: 'log_price' },
        { kind: 'LOG1P', input: 'amount', output: 'log_amount' },
      ),
    });
    const echo = await definitions().view(named('echo'), {
      source: { kind: 'REQUEST', fields: [{ name: 'price', type: 'FLOAT64' }], features: [] },
      entities: [],
      keys: [],
      columns: [{ name: 'price', type: 'FLOAT64' }],
      eventTime: null,
      features: featuresOf({ name: 'price', type: 'FLOAT64' }),
    });
    await write(balances, ['ann'], [3]);
    const service = named('on-demand');
    await definitions().service(service, [
      [onDemand, 'log_amount'],
      [onDemand, 'log_price'],
      [balances, 'amount'],
      [echo, 'price'],
    ]);
    const entities = [{ user: 'ann', price: 1 }, { user: 'bob' }, { user: 'ann', price: null }];
    expect(await valuesOf({ service }, entities, { price: 2 })).toEqual({
      log_amount: [Math.log1p(3), null, Math.log1p(3)],
      log_price: [Math.log1p(1), Math.log1p(2), null],
      amount: [3, null, 3],
      price: [1, 2, null],
    });
    const { features: columns } = await read({ service }, [{ user: 'bob', price: 0 }]);
    expect(columns.map(({ statuses, eventTimes }) => [statuses[0], eventTimes[0]])).toEqual([
      ['NULL_VALUE', null],
      ['PRESENT', null],
      ['NOT_FOUND', null],
      ['PRESENT', null],
    ]);
    expect(await refusal({ service }, [{ user: 'ann' }])).toBe('INVALID_INPUT entities[0] lacks price (FLOAT64).');
    expect(await refusal({ service }, [{ user: 'ann' }], { prize: 1 })).toMatch(
      /^INVALID_INPUT request has "prize".*price/,
    );
  });

  it('are refused with what is wrong, and where', async () => {
    const view = await definitions().view(named('refused'));
    const selection = { features: [`${view.name}:amount`] };
    expect(await refusal({ service: 'nothing' }, [])).toMatch(/^NOT_FOUND .*feature service "nothing"/);
    expect(await refusal({ service: 'nothing', version: 3 }, [])).toMatch(/^NOT_FOUND .* version 3/);
    expect(await refusal({ features: ['nothing:amount'] }, [])).toMatch(/^NOT_FOUND .*feature view "nothing"/);
    expect(await refusal({ features: [`${view.name}@2:amount`] }, [])).toMatch(/^NOT_FOUND .* version 2/);
    expect(await refusal({ features: [`${view.name}:size`] }, [])).toMatch(/^NOT_FOUND .*"size"; it has amount/);
    expect(await refusal({ features: ['amount'] }, [])).toMatch(/^INVALID_INPUT "amount" names no feature/);
    expect(await refusal(selection, [{ user: 'ann' }, {}])).toBe('INVALID_INPUT entities[1] lacks user (STRING).');
    expect(await refusal(selection, [{ user: 5 }])).toBe('INVALID_INPUT entities[0].user must be STRING, not 5.');
    expect(await refusal(selection, [{ user: 'ann', usr: 1 }])).toMatch(/^INVALID_INPUT entities\[0\] has "usr".*user/);
    expect(
      await refusal(
        selection,
        Array.from({ length: MAX_ENTITIES + 1 }, () => ({ user: 'ann' })),
      ),
    ).toMatch(/^INVALID_INPUT 6 entities/);
    expect(await refusal({ features: Array<string>(1_001).fill('a:b') }, [])).toMatch(/^INVALID_INPUT .*1000 features/);
    const offline = await definitions().view(named('offline'), { isOnline: false });
    expect(await refusal({ features: [`${offline.name}:amount`] }, [])).toMatch(/^CONFLICT .*not kept online/);
    const other = await definitions().view(named('other-key'), { keys: [{ name: 'user', type: 'INT64' }] });
    expect(await refusal({ features: [...selection.features, `${other.name}:amount`] }, [])).toMatch(
      /^CONFLICT .*"user" is STRING in one view and INT64/,
    );
    const answer = await features.read(randomUUID(), { selection, entities: [] }).catch((error: unknown) => error);
    expect(answer).toMatchObject({ code: 'NOT_FOUND' });
  });
});

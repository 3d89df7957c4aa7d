import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import type { FeatureViewVersion } from '../../src/modules/feature-store/definitions/feature-view.js';
import { rowShapeOf } from '../../src/modules/feature-store/offline/feature-view-rows.rules.js';
import type { OnlineStore } from '../../src/modules/feature-store/online/online-store.js';
import { onlineViewOf } from '../../src/modules/feature-store/online/online-view.rules.js';
import { PostgresOnlineStore } from '../../src/modules/feature-store/online/postgres-online-store.js';
import { RedisOnlineStore } from '../../src/modules/feature-store/online/redis-online-store.js';
import { EntityHistories } from '../../src/modules/feature-store/push/entity-histories.js';
import type { HistoricView } from '../../src/modules/feature-store/push/historic-view.rules.js';
import { OnlinePush } from '../../src/modules/feature-store/push/online-push.js';
import { newestRows } from '../../src/modules/feature-store/materialization/newest-rows.rules.js';
import { TransformationPipeline } from '../../src/modules/feature-store/transformations/transformation-pipeline.js';
import type { Row } from '../../src/modules/feature-store/transformations/transformation.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { fillTable } from '../support/data-engine.js';
import { featuresOf, stepsOf, viewDefinition } from '../support/feature-views.js';
import { testRedisUrl } from '../support/redis.js';
import { openWorkbench, type TestWorkbench } from '../support/workbench.js';

let workbench: TestWorkbench;
let database: TestDatabase;
let dataSource: DataSource;
const redisUrl = testRedisUrl();
const redis = redisUrl === null ? null : new Redis(redisUrl, { lazyConnect: true });

beforeAll(async () => {
  workbench = await openWorkbench();
  database = await createTestDatabase();
  dataSource = await new DataSource(dataSourceOptions(database.url, 5)).initialize();
});
afterAll(async () => {
  redis?.disconnect();
  await dataSource.destroy();
  await database.drop();
  await workbench.close();
});

/** Windows of rows, of time, and over windows; a lag; and a column as it is. */
const transformation = stepsOf(
  { kind: 'ROLLING', input: 'amount', statistic: 'SUM', window: { rows: 3 }, minimumPeriods: 1, output: 'sum3' },
  { kind: 'ROLLING', input: 'amount', statistic: 'MAXIMUM', window: { durationMs: 3 }, output: 'recent' },
  { kind: 'ROLLING', input: 'sum3', statistic: 'MINIMUM', window: { rows: 2 }, minimumPeriods: 1, output: 'nested' },
  { kind: 'LAG', input: 'amount', rows: 2, output: 'before' },
);

const definition = viewDefinition({
  columns: [
    { name: 'user', type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'known', type: 'TIMESTAMP' },
    { name: 'amount', type: 'FLOAT64' },
  ],
  createdTime: 'known',
  transformation,
  features: featuresOf(
    ...['sum3', 'recent', 'nested', 'before', 'amount'].map((name) => ({ name, type: 'FLOAT64' as const })),
  ),
});

const users = ['ann', 'b:ö'];

function newView(): HistoricView {
  const state = { version: 1, steps: transformation.steps.map(() => null) } as const;
  const names = { workspaceId: randomUUID(), id: randomUUID(), name: 'windows', version: 1 };
  const view: FeatureViewVersion = { ...definition, ...names, state, learnedFrom: null };
  return { view, fitted: TransformationPipeline.of(transformation, rowShapeOf(view)).fitted(state) };
}

/** What the engine says of the newest rows, by user. */
async function offline({ view, fitted }: HistoricView, rows: readonly Row[]): Promise<Map<unknown, unknown[]>> {
  const { engine } = workbench;
  const given = rows.map((row) => view.columns.map(({ name }) => row[name] ?? null));
  await fillTable(engine, 'given', view.columns, given);
  const columns = ['user', 'at', 'known', ...view.features.map(({ name }) => name)];
  const relation = `(${fitted.sql('given', { columns, inOrder: true })})`;
  const { sql, parameters } = newestRows(view, relation, { from: null, to: new Date(10_000), after: null });
  const newest = await engine.rows(sql, parameters);
  return new Map(newest.map((row) => [row['user'], view.features.map(({ name }) => row[name])]));
}

/** NaN and null are two values, though JSON writes both as null. */
const textOf = (row: Row) => JSON.stringify(row, (_, value: unknown) => (Number.isNaN(value) ? 'NaN' : value));
const unique = (rows: readonly Row[]): Row[] => [...new Map(rows.map((row) => [textOf(row), row])).values()];

const row = (time: fc.Arbitrary<number>) =>
  fc.record({
    user: fc.constantFrom(...users),
    at: time,
    known: fc.option(fc.integer({ min: 0, max: 2 })),
    amount: fc.option(fc.constantFrom(0, 1, 2.5, -3, NaN)),
  });

const stores: [string, () => OnlineStore][] = [['PostgreSQL', () => new PostgresOnlineStore(dataSource)]];
if (redis !== null) stores.push(['Redis', () => new RedisOnlineStore(redis)]);

describe.each(stores)('windows under pushes in %s', (_, storeOf) => {
  const settings = { NESTOR_ONLINE_HISTORY_MAX_ROWS: 50 };
  const histories = () => new EntityHistories(settings, storeOf());
  const push = () => new OnlinePush(storeOf(), histories());

  async function online({ view }: HistoricView): Promise<Map<unknown, unknown[]>> {
    const features = view.features.map(({ name }) => name);
    const [rows = []] = await storeOf().read([
      { view: onlineViewOf(view), features, entities: users.map((user) => [user]) },
    ]);
    const known = users.map((user, index) => [user, rows[index]] as const).filter(([, row]) => row?.eventTime !== null);
    return new Map(known.map(([user, row]) => [user, [...(row?.values ?? [])]]));
  }

  it('are those of the engine, in whatever order rows come, and how often', async () => {
    const batches = fc.array(fc.array(row(fc.integer({ min: 0, max: 8 })), { minLength: 1, maxLength: 6 }), {
      maxLength: 5,
    });
    await fc.assert(
      fc.asyncProperty(batches, async (given) => {
        const historic = newView();
        for (const rows of given) await push().push(historic.view, rows);
        const [again] = given;
        if (again !== undefined) await push().push(historic.view, again);
        const here = await online(historic);
        await storeOf().removeView(onlineViewOf(historic.view));
        expect(here).toEqual(await offline(historic, unique(given.flat())));
      }),
      { numRuns: 100 },
    );
  });

  it('are those of the engine when many push at the same time, after what the source has', async () => {
    const distinct = fc.uniqueArray(row(fc.integer({ min: 0, max: 60 })), {
      selector: ({ user, at }) => `${user} ${at}`,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(distinct, fc.nat(20), fc.boolean(), async (rows, seeded, isSeedLast) => {
        const historic = newView();
        const source = rows.slice(0, seeded).toSorted((one, other) => one.at - other.at);
        const seed = async () => {
          const come = users.map((user) => ({ entity: [user], rows: source.filter((each) => each.user === user) }));
          const some = come.filter(({ rows: ofUser }) => ofUser.length > 0);
          await histories().absorb(historic, some, 'SOURCE');
        };
        if (!isSeedLast) await seed();
        const pushed = rows.slice(seeded);
        await Promise.all([
          ...(isSeedLast ? [seed()] : []),
          ...pushed.map((each) => push().push(historic.view, [each])),
        ]);
        const here = await online(historic);
        await storeOf().removeView(onlineViewOf(historic.view));
        expect(here).toEqual(await offline(historic, rows));
      }),
      { numRuns: 30 },
    );
  });

  it('count what the source has twice as often as it has it, and what is pushed again once', async () => {
    const historic = newView();
    const twice = { user: 'ann', at: 5, known: null, amount: 2 };
    await push().push(historic.view, [twice, twice]);
    expect((await online(historic)).get('ann')?.[0]).toBe(2);
    await histories().absorb(historic, [{ entity: ['ann'], rows: [twice, twice] }], 'SOURCE');
    expect((await online(historic)).get('ann')?.[0]).toBe(4);
    expect(await push().push(historic.view, [twice])).toEqual({ written: 0, superseded: 1 });
    expect((await online(historic)).get('ann')?.[0]).toBe(4);
    await storeOf().removeView(onlineViewOf(historic.view));
  });

  it('are bounded, in what they look back at', async () => {
    const historic = newView();
    const rows = Array.from({ length: 60 }, (__, at) => ({ user: 'ann', at: at / 1_000, known: null, amount: 1 }));
    await expect(push().push(historic.view, rows)).rejects.toMatchObject({ code: 'QUERY_LIMIT_EXCEEDED' });
    const spread = rows.map((each, at) => ({ ...each, at }));
    await push().push(historic.view, spread);
    const [kept] = await storeOf().readHistories(onlineViewOf(historic.view), [['ann']]);
    expect(JSON.parse(kept?.history ?? '')).toHaveLength(4);
    await storeOf().removeView(onlineViewOf(historic.view));
  });

  it('are told by whole keys only', async () => {
    const { view } = newView();
    await expect(storeOf().readHistories(onlineViewOf(view), [[null]])).rejects.toMatchObject({
      code: 'INVALID_INPUT',
    });
  });
});

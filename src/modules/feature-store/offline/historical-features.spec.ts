import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataEngine, type EngineRow } from '../engine/data-engine.js';
import { literal, quoted, sqlTypes } from '../engine/sql-text.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';
import { type HistoricalRequest, readHistoricalFeatures, writeHistoricalFeatures } from './historical-features.js';
import { type HistoricalView, pointInTimeJoin } from './point-in-time.rules.js';

const MIB = 1024 * 1024;
const coded = (code: string, message: string): unknown =>
  expect.objectContaining({ name: 'CodedError', code, message: expect.stringContaining(message) as unknown });

let folder: string;
let engine: DataEngine;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-offline-'));
  engine = await DataEngine.open({
    memoryBytes: 256 * MIB,
    threads: 2,
    temporaryFolder: join(folder, 'temporary'),
    maxTemporaryBytes: 256 * MIB,
    folders: [folder],
  });
});
afterAll(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

async function* once<T>(value: T): AsyncGenerator<T> {
  yield await Promise.resolve(value);
}

async function tableOf(name: string, columns: readonly TypedColumn[], rows: readonly (readonly FeatureValue[])[]) {
  const definitions = columns.map((column) => `${quoted(column.name)} ${sqlTypes[column.type]}`);
  await engine.run(`CREATE OR REPLACE TABLE ${quoted(name)} (${definitions.join(', ')})`);
  await engine.append(name, columns, once(rows));
}

async function rowsOf(request: HistoricalRequest): Promise<EngineRow[]> {
  const rows: EngineRow[] = [];
  for await (const batch of readHistoricalFeatures(engine, request)) rows.push(...batch);
  return rows;
}

/** A row of a view or a label: two keys, and times in milliseconds. */
interface Label {
  readonly user: number | null;
  readonly shop: string | null;
  readonly at: number | null;
}
interface Observation {
  readonly user: number | null;
  readonly shop: string | null;
  readonly event: number | null;
  readonly created: number | null;
  readonly value: number | null;
}
interface View {
  readonly keys: readonly ('user' | 'shop')[];
  readonly hasCreated: boolean;
  readonly ttlMs: number | null;
  readonly rows: readonly Observation[];
}

/** The rule itself, looking at every row for every label. */
function expected(label: Label, { keys, hasCreated, ttlMs, rows }: View): number | null {
  const { at } = label;
  if (at === null) return null;
  let taken: Observation | undefined;
  for (const row of rows) {
    const created = hasCreated ? row.created : null;
    if (keys.some((key) => row[key] === null || row[key] !== label[key])) continue;
    if (row.event === null || row.event > at || (created !== null && created > at)) continue;
    if (taken !== undefined && isAfter(taken, row, hasCreated)) continue;
    taken = row;
  }
  if (taken === undefined || (ttlMs !== null && at - (taken.event ?? 0) > ttlMs)) return null;
  return taken.value;
}

function isAfter(one: Observation, other: Observation, hasCreated: boolean): boolean {
  if (one.event !== other.event) return (one.event ?? 0) > (other.event ?? 0);
  return hasCreated && (one.created ?? -Infinity) > (other.created ?? -Infinity);
}

const origin = 1_700_000_000_000;
/** Few moments, half a millisecond from each other, so that equal times and the edge of a TTL come often. */
const moment = fc.integer({ min: 0, max: 12 }).map((step) => origin + step / 2);
const user = fc.option(fc.constantFrom(1, 2), { freq: 8 });
const shop = fc.option(fc.constantFrom('a', 'b:c', 'ü'), { freq: 8 });
const label: fc.Arbitrary<Label> = fc.record({ user, shop, at: fc.option(moment, { freq: 8 }) });
const observation = fc.record({
  user,
  shop,
  event: fc.option(moment, { freq: 8 }),
  created: fc.option(moment, { freq: 4 }),
  value: fc.option(fc.nat(999), { freq: 8 }),
});
const view: fc.Arbitrary<View> = fc.record({
  keys: fc.constantFrom<('user' | 'shop')[]>(['user'], ['user', 'shop'], ['shop'], []),
  hasCreated: fc.boolean(),
  ttlMs: fc.constantFrom(null, 0, 1, 2.5),
  rows: fc.array(observation, { maxLength: 25 }),
});

const labelColumns: TypedColumn[] = [
  { name: 'user', type: 'INT64' },
  { name: 'shop', type: 'STRING' },
  { name: 'at', type: 'TIMESTAMP' },
  { name: 'number', type: 'INT64' },
];
const viewColumns: TypedColumn[] = [
  { name: 'user', type: 'INT64' },
  { name: 'shop', type: 'STRING' },
  { name: 'event', type: 'TIMESTAMP' },
  { name: 'created', type: 'TIMESTAMP' },
  { name: 'value', type: 'INT64' },
];

const profile = (changes: Partial<HistoricalView> = {}): HistoricalView => ({
  name: 'profile',
  relation: 'profile',
  keys: [{ label: 'user', view: 'user' }],
  eventTime: 'event',
  createdTime: 'created',
  ttlMs: null,
  features: [{ column: 'value', as: 'value' }],
  ...changes,
});
const labelsAt = (...moments: number[]) =>
  tableOf(
    'labels',
    labelColumns,
    moments.map((at, number) => [1, 'a', at, number]),
  );
const profileOf = (...rows: [event: number, created: number | null, value: number | null][]) =>
  tableOf(
    'profile',
    viewColumns,
    rows.map((row) => [1, 'a', ...row]),
  );
const valuesOf = async (...views: HistoricalView[]) => valuesAt('labels', ...views);
const valuesAt = async (relation: string, ...views: HistoricalView[]) =>
  (await rowsOf({ labels: { relation, eventTime: 'at' }, views })).map(({ value }) => value);

describe('the point-in-time join', () => {
  it('finds for every label what a look at every row finds', async () => {
    const labels = fc.array(label, { maxLength: 20 });
    const asZoned = fc.boolean();
    await fc.assert(
      fc.asyncProperty(labels, fc.array(view, { minLength: 1, maxLength: 3 }), asZoned, async (given, views, zoned) => {
        await tableOf(
          'labels',
          labelColumns,
          given.map(({ user: who, shop: where, at }, number) => [who, where, at, number]),
        );
        for (const [index, { rows }] of views.entries()) {
          await tableOf(
            `view ${index}`,
            viewColumns,
            rows.map((row) => [row.user, row.shop, row.event, row.created, row.value]),
          );
        }
        const result = await rowsOf({
          labels: {
            relation: zoned ? '(SELECT * REPLACE ("at"::TIMESTAMPTZ AS "at") FROM labels)' : 'labels',
            eventTime: 'at',
          },
          views: views.map(({ keys, hasCreated, ttlMs }, index) => ({
            name: `view ${index}`,
            relation: quoted(`view ${index}`),
            keys: keys.map((key) => ({ label: key, view: key })),
            eventTime: 'event',
            createdTime: hasCreated ? 'created' : null,
            ttlMs,
            features: [{ column: 'value', as: `value ${index}` }],
          })),
        });
        expect(result).toEqual(
          given.map((row, number) => ({
            ...row,
            number,
            ...Object.fromEntries(views.map((each, index) => [`value ${index}`, expected(row, each)])),
          })),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('does not leak what a backfill brought later', async () => {
    await profileOf([10, 11, 1], [20, 100, 2], [30, 31, 3]);
    await labelsAt(9, 10, 11, 25, 30, 31, 99, 100);
    expect(await valuesOf(profile())).toEqual([null, null, 1, 1, 1, 3, 3, 3]);
  });

  it('counts a row in that is as old as the TTL to the microsecond, and none before', async () => {
    await profileOf([0, null, 1]);
    await labelsAt(0, 60_000, 60_000.001, -0.001);
    expect(await valuesOf(profile({ ttlMs: 60_000 }))).toEqual([1, 1, null, null]);
  });

  it('does not go back to an older row where the newest is null', async () => {
    await profileOf([1, null, 1], [2, null, null]);
    await labelsAt(1, 2);
    expect(await valuesOf(profile())).toEqual([1, null]);
  });

  it('takes of equal times the row that comes last', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index): [number, null, number] => [5, null, index]);
    await profileOf(...rows);
    await labelsAt(5);
    expect(await valuesOf(profile())).toEqual([19_999]);
    expect(await valuesOf(profile({ createdTime: null }))).toEqual([19_999]);
  });

  it('takes an entity that most rows and labels are of', async () => {
    // 50,000 × 200,000 pairs: looking at each of them would outlast the test.
    await engine.run(`CREATE OR REPLACE TABLE profile AS SELECT 1 AS "user", range AS value,
      to_timestamp(range) AS event, to_timestamp(range + range * 31 % 97) AS created FROM range(200000)`);
    await engine.run(
      `CREATE OR REPLACE TABLE labels AS SELECT 1 AS "user", to_timestamp(range * 4 + 97) AS "at" FROM range(50000)`,
    );
    const values = await valuesOf(profile());
    for (const [index, value] of values.entries()) {
      const at = index * 4 + 97;
      let newest = Math.min(at, 199_999);
      while (newest + ((newest * 31) % 97) > at) newest -= 1;
      if (value !== newest) expect({ at, value }).toEqual({ at, value: newest });
    }
    expect(values).toHaveLength(50_000);
  });

  it('compares moments, whatever the time zone or the kind of the columns', async () => {
    await engine.run(`CREATE OR REPLACE TABLE zoned AS SELECT * FROM (VALUES
      (0, TIMESTAMPTZ '2025-03-30 01:59:59+01'), (1, TIMESTAMPTZ '2025-03-30 03:00:00+02'),
      (2, TIMESTAMPTZ '2025-03-29 19:59:59.999999-05'), (3, TIMESTAMPTZ 'infinity'), (4, NULL)) AS t(number, "at")`);
    await engine.run(`CREATE OR REPLACE TABLE profile AS SELECT 7 AS value, TIMESTAMP '2025-03-30 01:00:00' AS event`);
    const view = profile({ keys: [], createdTime: null });
    expect(await valuesAt('zoned', view)).toEqual([null, 7, null, null, null]);
    await engine.run(`CREATE OR REPLACE TABLE profile AS SELECT 7 AS value, DATE '2025-03-30' AS event`);
    expect(await valuesAt('zoned', { ...view, ttlMs: 3_600_000 })).toEqual([7, 7, 7, null, null]);
  });

  it('takes times that are as far apart as they can be, and passes over infinite ones', async () => {
    await engine.run(`CREATE OR REPLACE TABLE far AS SELECT TIMESTAMP '294247-01-10 04:00:54' AS "at"`);
    await engine.run(`CREATE OR REPLACE TABLE profile AS SELECT * FROM (VALUES
      (1, TIMESTAMP '290308-12-22 (BC) 00:00:00', NULL), (2, TIMESTAMP 'infinity', NULL), (3, TIMESTAMP '-infinity', NULL),
      (4, TIMESTAMP '2020-01-01', TIMESTAMP 'infinity')) AS t(value, event, created)`);
    expect(await valuesAt('far', profile({ keys: [] }))).toEqual([1]);
    expect(await valuesAt('far', profile({ keys: [], ttlMs: 1_000 }))).toEqual([null]);
  });

  it('is not misled by columns that are called as its own', async () => {
    await engine.run(`CREATE OR REPLACE TABLE odd AS
      SELECT 1 AS known, 2 AS event, 3 AS created, 4 AS position, 5 AS k0, 6 AS f0, 7 AS "a""b", TIMESTAMP '2020-01-02' AS t`);
    await engine.run(`CREATE OR REPLACE TABLE labels AS
      SELECT 5 AS c0, 9 AS moment, 8 AS position, TIMESTAMP '2020-01-03' AS "at"`);
    const features = ['known', 'event', 'created', 'position', 'f0', 'a"b'].map((column) => ({
      column,
      as: `odd ${column}`,
    }));
    const view = {
      ...profile(),
      relation: 'odd',
      keys: [{ label: 'c0', view: 'k0' }],
      eventTime: 't',
      createdTime: 't',
      features,
    };
    expect(await rowsOf({ labels: { relation: 'labels', eventTime: 'at' }, views: [view] })).toEqual([
      {
        c0: 5,
        moment: 9,
        position: 8,
        at: Date.UTC(2020, 0, 3),
        'odd known': 1,
        'odd event': 2,
        'odd created': 3,
        'odd position': 4,
        'odd f0': 6,
        'odd a"b': 7,
      },
    ]);
  });

  it.each<[string, Partial<HistoricalView>]>([
    ['The labels: there is no column "nobody"', { keys: [{ label: 'nobody', view: 'user' }] }],
    ['there is no column "nobody"', { keys: [{ label: 'user', view: 'nobody' }] }],
    ['there is no column "missing"', { features: [{ column: 'missing', as: 'missing' }] }],
    ['must hold times', { eventTime: 'value' }],
    ['must hold times', { createdTime: 'value' }],
    ['can never be equal', { keys: [{ label: 'shop', view: 'user' }] }],
    ['two columns "USER"', { features: [{ column: 'value', as: 'USER' }] }],
  ])('refuses what does not fit together: %s', async (message, changes) => {
    await labelsAt(1);
    await profileOf([1, null, 1]);
    await expect(valuesOf(profile(changes))).rejects.toEqual(coded('INVALID_INPUT', message));
  });

  it('refuses to join by a column that is not among those of the labels', () => {
    const labels = { relation: 'labels', columns: ['at'], eventTime: 'at' };
    expect(() => pointInTimeJoin(labels, [profile()])).toThrow('The labels: there is no column "user"');
  });

  it('refuses labels without their time', async () => {
    await labelsAt(1);
    await expect(rowsOf({ labels: { relation: 'labels', eventTime: 'number' }, views: [] })).rejects.toEqual(
      coded('INVALID_INPUT', 'must hold times'),
    );
  });
});

describe('historical features as Parquet', () => {
  const labels = {
    relation: `(SELECT range % 1000 AS "user", to_timestamp(range % 7919) AS "at", range AS number FROM range(300000))`,
    eventTime: 'at',
  };
  const view: HistoricalView = {
    name: 'many',
    relation: 'many',
    keys: [{ label: 'user', view: 'user' }],
    eventTime: 'event',
    createdTime: null,
    ttlMs: 3_600_000,
    features: [{ column: 'value', as: 'value' }],
  };
  beforeAll(() =>
    engine.run(
      'CREATE TABLE many AS SELECT range % 1000 AS "user", to_timestamp(range * 31 % 7919) AS event, range AS value FROM range(100000)',
    ),
  );

  it('have every label once, in order, and nothing is left beside the file', async () => {
    const path = join(folder, "training 'set'.parquet");
    expect(await writeHistoricalFeatures(engine, { labels, views: [view] }, path)).toBe(300_000);
    const [facts] = await engine.rows(
      `SELECT count(*) AS "all", count(DISTINCT number) AS "distinct", count(value) AS found, bool_and(in_order) AS in_order
       FROM (SELECT *, number >= coalesce(lag(number) OVER (), -1) AS in_order FROM read_parquet(${literal(path)}))`,
    );
    expect(facts).toEqual({ all: 300_000, distinct: 300_000, found: facts?.['found'], in_order: true });
    expect(Number(facts?.['found'])).toBeGreaterThan(100_000);
    expect((await readdir(folder)).filter((name) => name.includes('training'))).toEqual(["training 'set'.parquet"]);
  });

  it('are not there at all when the work was cancelled', async () => {
    const path = join(folder, 'cancelled.parquet');
    const controller = new AbortController();
    const writing = writeHistoricalFeatures(engine, { labels, views: [view] }, path, { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await expect(writing).rejects.toEqual(coded('CANCELLED', 'cancelled'));
    expect((await readdir(folder)).filter((name) => name.includes('cancelled'))).toEqual([]);
  });

  it('end in a coded error where memory and temporary disk do not suffice', async () => {
    const small = await DataEngine.open({
      memoryBytes: 16 * MIB,
      threads: 1,
      temporaryFolder: join(folder, 'small'),
      maxTemporaryBytes: MIB,
      folders: [folder],
    });
    try {
      const path = join(folder, 'small.parquet');
      const many = `(SELECT range % 1000 AS "user", to_timestamp(range) AS event, range AS value FROM range(3000000))`;
      const request = { labels, views: [{ ...view, relation: many }] };
      await expect(writeHistoricalFeatures(small, request, path)).rejects.toEqual(
        coded('QUERY_LIMIT_EXCEEDED', 'memory'),
      );
      expect((await readdir(folder)).filter((name) => name.includes('small.parquet'))).toEqual([]);
    } finally {
      await small.close();
    }
  });
});

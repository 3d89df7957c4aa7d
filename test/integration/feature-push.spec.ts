import { setTimeout as sleep } from 'node:timers/promises';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import type { FeatureViewDefinition } from '../../src/modules/feature-store/definitions/feature-view.js';
import { definitionEntities, Definitions, featuresOf, stepsOf } from '../support/feature-views.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const PUSH = `mutation ($input: PushFeaturesInput!) {
  pushFeatures(input: $input) { view version written superseded kept } }`;
const ONLINE = `query ($input: OnlineFeaturesInput!) { onlineFeatures(input: $input) {
  service serviceVersion features { name view viewVersion feature type values statuses eventTimes } } }`;
const CREATE_SOURCE = 'mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { id } }';
const SNAPSHOT = `query ($source: String!) {
  dataSnapshot(source: $source) { version rowCount isIncrement artifact } }`;

interface Pushed {
  readonly written: number | null;
  readonly superseded: number | null;
  readonly kept: number | null;
}

interface Snapshot {
  readonly version: number;
  readonly rowCount: number;
  readonly isIncrement: boolean;
  readonly artifact: string;
}

const columns = [
  { name: 'user', type: 'STRING' },
  { name: 'at', type: 'TIMESTAMP' },
  { name: 'amount', type: 'FLOAT64', maximum: 100 },
  { name: 'count', type: 'INT64' },
  { name: 'note', type: 'JSON' },
];
const day = (date: number) => `2026-01-${String(date).padStart(2, '0')}T00:00:00.000Z`;

let nestor: TestNestor;
let dataSource: DataSource;
let definitions: Definitions;
beforeAll(async () => {
  nestor = await startTestNestor({
    redis: false,
    overrides: { NESTOR_JOB_SWEEP_MS: '200', NESTOR_PUSH_ROUND_MS: '100', NESTOR_PUSH_MAX_ROWS: '20' },
  });
  const options = { ...dataSourceOptions(nestor.settings.DATABASE_URL ?? '', 3), entities: definitionEntities };
  dataSource = await new DataSource(options).initialize();
  const [workspace] = await dataSource.query<{ workspace_id: string }[]>('SELECT workspace_id FROM api_keys');
  definitions = new Definitions(dataSource, workspace?.workspace_id ?? '');
});
afterAll(async () => {
  await dataSource.destroy();
  await nestor.close();
});

/** A source without rows, and a view of it. */
async function viewOf(name: string, changes: Partial<FeatureViewDefinition> = {}, source: object = {}) {
  await nestor.ask(CREATE_SOURCE, { input: { name, kind: 'FILE', schema: { columns }, ...source } });
  const [row] = await dataSource.query<{ id: string }[]>('SELECT id FROM data_sources WHERE name = $1', [name]);
  return definitions.view(name, { source: { kind: 'DATA_SOURCE', sourceId: row?.id ?? '', name }, ...changes });
}

const push = async (view: string, to: string, ...rows: readonly object[]): Promise<Pushed> =>
  (await nestor.ask<{ pushFeatures: Pushed }>(PUSH, { input: { view, to, rows } })).pushFeatures;

const refusal = async (view: string, to: string, ...rows: readonly object[]) => {
  const [error] = (await nestor.send(PUSH, { input: { view, to, rows } })).errors;
  return `${String(error?.extensions.code)} ${error?.message}`;
};

async function online(view: string, user: string, feature = 'amount') {
  const input = { features: [`${view}:${feature}`], entities: [{ user }] };
  const answer = await nestor.ask<{ onlineFeatures: { features: { values: unknown[] }[] } }>(ONLINE, { input });
  return answer.onlineFeatures.features[0]?.values[0];
}

async function snapshot(source: string, version: number): Promise<Snapshot> {
  for (;;) {
    const { dataSnapshot } = await nestor.ask<{ dataSnapshot: Snapshot | null }>(SNAPSHOT, { source });
    if (dataSnapshot?.version === version) return dataSnapshot;
    expect(dataSnapshot?.version ?? 0).toBeLessThan(version);
    await sleep(20);
  }
}

async function rowsOf({ artifact }: Snapshot): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${nestor.url}/api/artifacts/${artifact}`, { headers: nestor.key });
  return parquetReadObjects({ file: await response.arrayBuffer(), compressors });
}

const pushedRowsLeft = () => dataSource.query<{ row: string | null }[]>('SELECT row FROM pushed_rows');

describe('pushed rows', () => {
  it('are online at once, transformed, and never in place of newer ones', async () => {
    const steps = stepsOf({ kind: 'LOG1P', input: 'amount', output: 'log' });
    const features = featuresOf({ name: 'log', type: 'FLOAT64' }, { name: 'amount', type: 'FLOAT64' });
    await viewOf('logs', { transformation: steps, features });
    expect(await push('logs', 'ONLINE', { user: 'ann', at: day(2), amount: 3 }, { user: 'bob', at: day(1) })).toEqual({
      view: 'logs',
      version: 1,
      written: 2,
      superseded: 0,
      kept: null,
    });
    expect(await push('logs', 'ONLINE', { user: 'ann', at: day(1), amount: 9 })).toMatchObject({
      written: 0,
      superseded: 1,
    });
    expect(await online('logs', 'ann', 'log')).toBe(Math.log1p(3));
    expect(await online('logs', 'bob', 'log')).toBeNull();
    const [audited] = await dataSource.query<{ count: string }[]>(
      "SELECT count(*) FROM audit_events WHERE action = 'feature-view.push' AND resource_id = 'logs'",
    );
    expect(Number(audited?.count)).toBeGreaterThanOrEqual(1);
  });

  it('move windows, also when they come late', async () => {
    const steps = stepsOf({
      kind: 'ROLLING',
      input: 'amount',
      statistic: 'SUM',
      window: { rows: 2 },
      minimumPeriods: 1,
      output: 'sum',
    });
    await viewOf('sums', { transformation: steps, features: featuresOf({ name: 'sum', type: 'FLOAT64' }) });
    await push('sums', 'ONLINE', { user: 'ann', at: day(1), amount: 1 }, { user: 'ann', at: day(5), amount: 5 });
    expect(await online('sums', 'ann', 'sum')).toBe(6);
    expect(await push('sums', 'ONLINE', { user: 'ann', at: day(3), amount: 3 })).toMatchObject({ written: 1 });
    expect(await online('sums', 'ann', 'sum')).toBe(8);
    expect(await push('sums', 'ONLINE', { user: 'ann', at: day(2), amount: 2 })).toMatchObject({ written: 0 });
    expect(await online('sums', 'ann', 'sum')).toBe(8);
  });

  it('become an increment of the source, each once', async () => {
    await viewOf('kept');
    const ann = { user: 'ann', at: day(1), amount: 1.5, count: '9007199254740993', note: { a: [1, 'ü\n'] } };
    const bob = { user: 'bob', at: day(2), note: '"text"' };
    expect(await push('kept', 'BOTH', ann, bob, ann)).toMatchObject({ written: 2, superseded: 1, kept: 2 });
    expect(await online('kept', 'ann')).toBe(1.5);
    const first = await snapshot('kept', 1);
    expect(first).toMatchObject({ rowCount: 2, isIncrement: false });
    expect(await rowsOf(first)).toEqual([
      { user: 'ann', at: new Date(day(1)), amount: 1.5, count: 9_007_199_254_740_993n, note: '{"a":[1,"ü\\n"]}' },
      { user: 'bob', at: new Date(day(2)), amount: null, count: null, note: '"text"' },
    ]);
    expect(await push('kept', 'OFFLINE', bob, { ...bob, amount: 2 })).toMatchObject({ written: null, kept: 1 });
    const second = await snapshot('kept', 2);
    expect(second).toMatchObject({ rowCount: 1, isIncrement: true });
    expect(await rowsOf(second)).toMatchObject([{ user: 'bob', amount: 2 }]);
    // Once they are in snapshots only what they are known by is left of them.
    while ((await pushedRowsLeft()).some(({ row }) => row !== null)) await sleep(20);
    expect(await pushedRowsLeft()).toHaveLength(3);
  });

  it('are collected in the order in which they came, each once, whatever their numbers', async () => {
    await viewOf('many');
    const rows = Array.from({ length: 20 }, (_, index) => ({ user: `user-${index}`, at: day(1), amount: index }));
    // Their numbers get one digit more on the way.
    await dataSource.query(`SELECT setval(pg_get_serial_sequence('pushed_rows', 'id'), 990)`);
    expect(await push('many', 'OFFLINE', ...rows)).toMatchObject({ kept: rows.length });
    const only = await snapshot('many', 1);
    expect((await rowsOf(only)).map(({ user }) => user)).toEqual(rows.map(({ user }) => user));
  });

  it('are checked by the schema of the source, where the faults of one are not another’s', async () => {
    await viewOf('checked');
    await push('checked', 'OFFLINE', { user: 'ann', at: day(1), amount: 1 }, { user: 'bob', at: day(1), amount: 101 });
    expect(await rowsOf(await snapshot('checked', 1))).toMatchObject([{ user: 'ann' }]);
  });

  it('wait again when their collection fails', async () => {
    await viewOf('failing');
    await push('failing', 'OFFLINE', { user: 'ann', at: day(1) });
    await snapshot('failing', 1);
    // As the round finds it when the collection failed before it made a snapshot.
    await dataSource.query(
      `UPDATE pushed_rows SET row = '{"user":"bob","at":"2026-01-01T00:00:00Z","amount":7}'
       FROM data_sources AS source WHERE source.id = source_id AND source.name = 'failing'`,
    );
    await dataSource.query(
      `UPDATE data_collections AS run SET status = 'FAILED', snapshot_version = NULL
       FROM data_sources AS source WHERE source.id = run.source_id AND source.name = 'failing'`,
    );
    expect(await rowsOf(await snapshot('failing', 2))).toMatchObject([{ user: 'bob', amount: 7 }]);
  });

  it('are refused with what is wrong with each', async () => {
    const view = await viewOf(
      'refused',
      {},
      {
        schema: { columns: columns.map((column) => ({ ...column, isNullable: column.name !== 'count' })) },
      },
    );
    const wrong = [
      { at: day(1), amount: 'much' },
      { user: 'ann', at: 'soon', size: 1 },
      { user: null, at: day(1) },
    ];
    const message = await refusal('refused', 'ONLINE', ...wrong);
    expect(message).toBe(
      'INVALID_INPUT rows[0] lacks user (STRING); rows[0].amount must be FLOAT64, not "much"; ' +
        'rows[1] has "size", which is no column; rows[1].at must be TIMESTAMP, not "soon"; rows[2] lacks user (STRING). ' +
        'There are user, at, amount.',
    );
    expect(await refusal('refused', 'OFFLINE', { user: 'ann', at: day(1) })).toMatch(/rows\[0\] lacks count \(INT64\)/);
    // One of these would hold up all that are pushed to the source after it.
    const half = { user: 'ann \ud83d', at: day(1), amount: 1, count: 1 };
    expect(await refusal('refused', 'OFFLINE', half)).toMatch(/^INVALID_INPUT rows\[0\]\.user must be STRING/);
    const long = { user: 'a'.repeat(2_097_152), at: day(1), amount: 1, count: 1 };
    expect(await refusal('refused', 'OFFLINE', long)).toMatch(/^INVALID_INPUT rows\[0\] is longer than NESTOR_DATA/);
    const many = Array.from({ length: 21 }, () => ({ user: 'ann', at: day(1), amount: 'x' }));
    expect(await refusal('refused', 'ONLINE', ...many)).toMatch(/^INVALID_INPUT rows: at most 20/);
    expect(await refusal('refused', 'ONLINE', ...many.slice(0, 12))).toMatch(/, and 2 more problems\./);
    expect(await refusal('nothing', 'ONLINE')).toMatch(/^NOT_FOUND/);
    expect(
      (await nestor.send(PUSH, { input: { view: 'refused', version: 9, to: 'ONLINE', rows: [] } })).errors[0],
    ).toMatchObject({
      extensions: { code: 'NOT_FOUND' },
    });
    await definitions.view('upper', {
      source: { kind: 'FEATURE_VIEW', versionId: view.id, name: 'refused', version: 1 },
    });
    expect(await refusal('upper', 'ONLINE')).toMatch(/^CONFLICT .*Push to that one/);
    await definitions.view('asked', {
      source: { kind: 'REQUEST', fields: [], features: [] },
      entities: [],
      keys: [],
      eventTime: null,
    });
    expect(await refusal('asked', 'ONLINE')).toMatch(/^CONFLICT .*on demand/);
    await viewOf('unlearned', {
      transformation: stepsOf({ kind: 'STANDARD_SCALER', input: 'amount', output: 'scaled' }),
      features: featuresOf({ name: 'scaled', type: 'FLOAT64' }),
    });
    expect(await refusal('unlearned', 'BOTH')).toMatch(/^CONFLICT .*not learned yet\. Materialize/);
    const all = stepsOf({
      kind: 'ROLLING',
      input: 'amount',
      statistic: 'SUM',
      window: { rows: 2 },
      partitionBy: [],
      output: 'sum',
    });
    await viewOf('engine-only', { transformation: all, features: featuresOf({ name: 'sum', type: 'FLOAT64' }) });
    expect(await refusal('engine-only', 'ONLINE')).toMatch(/^CONFLICT .*only the engine/);
    await viewOf('not-online', { isOnline: false });
    expect(await refusal('not-online', 'BOTH')).toMatch(/^CONFLICT .*not kept online/);
    await dataSource.query("UPDATE data_sources SET deleted_at = now() WHERE name = 'not-online'");
    expect(await refusal('not-online', 'OFFLINE')).toMatch(/^NOT_FOUND .*deleted/);
  });
});

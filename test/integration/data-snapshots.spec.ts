import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSourcesClient } from '../support/data-sources.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const SNAPSHOT = `query ($source: String!, $version: Int) { dataSnapshot(source: $source, version: $version) {
  version parentVersion isIncrement rowCount totalRowCount } }`;
const DIFF = `query ($source: String!, $from: Int!, $to: Int!) { dataSnapshotDiff(source: $source, from: $from, to: $to) {
  rowsAdded rowsRemoved rowsChanged } }`;
const SNAPSHOTS = `query ($source: String!) { dataSnapshots(source: $source) { edges { node {
  version tags usedBy { kind id } } } } }`;
const TAG = `mutation ($source: String!, $version: Int!, $tag: String!) {
  tagDataSnapshot(input: { source: $source, version: $version, tag: $tag }) { version tags } }`;
const UNTAG = `mutation ($source: String!, $tag: String!) { untagDataSnapshot(input: { source: $source, tag: $tag }) }`;
const RESTORE = `mutation ($source: String!, $version: Int!) {
  restoreDataSnapshot(input: { source: $source, version: $version }) {
    version parentVersion isIncrement artifact rowCount totalRowCount } }`;
const RETAIN = `mutation ($source: String!, $keepVersions: Int, $keepDays: Int) {
  setDataRetention(input: { source: $source, keepVersions: $keepVersions, keepDays: $keepDays }) { keepVersions keepDays } }`;
const UPDATE = 'mutation ($input: UpdateDataSourceInput!) { updateDataSource(input: $input) { mode } }';

const readings = {
  schema: {
    columns: [
      { name: 'sensor', type: 'STRING', isNullable: false },
      { name: 'value', type: 'FLOAT64' },
    ],
  },
} as const;
const keyed = { schema: { ...readings.schema, keyColumns: ['sensor'] } } as const;

let nestor: TestNestor;
let client: DataSourcesClient;
let database: pg.Client;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false, overrides: { NESTOR_DATA_RETENTION_MS: '200' } });
  client = new DataSourcesClient(nestor);
  database = new pg.Client({ connectionString: nestor.settings.DATABASE_URL });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await nestor.close();
});

const snapshotOf = async (source: string, version?: number): Promise<object | null> =>
  (await nestor.ask<{ dataSnapshot: object | null }>(SNAPSHOT, { source, version })).dataSnapshot;

const diffOf = async (source: string, from: number, to: number): Promise<object> =>
  (await nestor.ask<{ dataSnapshotDiff: object }>(DIFF, { source, from, to })).dataSnapshotDiff;

describe('sources that are appended to', () => {
  it('have the rows of all their collections, and a repeated batch is more rows where nothing tells rows apart', async () => {
    await client.create('appended', { ...readings, mode: 'APPEND' });
    for (const [at, rows] of ['a,1\nb,2\n', 'a,3\n', 'a,3\n'].entries()) {
      const run = await client.collect('appended', `sensor,value\n${rows}`);
      expect(run).toMatchObject({ status: 'SUCCEEDED', snapshotVersion: at + 1, isUnchanged: false });
    }
    expect(await snapshotOf('appended', 1)).toMatchObject({ isIncrement: false, rowCount: 2, totalRowCount: 2 });
    expect(await snapshotOf('appended', 3)).toEqual({
      version: 3,
      parentVersion: 2,
      isIncrement: true,
      rowCount: 1,
      totalRowCount: 4,
    });
    expect(await diffOf('appended', 1, 3)).toEqual({ rowsAdded: 2, rowsRemoved: 0, rowsChanged: null });
    expect(await diffOf('appended', 3, 2)).toEqual({ rowsAdded: 0, rowsRemoved: 1, rowsChanged: null });
  });

  it('take the same batch once where rows have keys', async () => {
    await client.create('keyed', { ...keyed, mode: 'APPEND' });
    await client.collect('keyed', 'sensor,value\na,1\n');
    expect(await client.collect('keyed', 'sensor,value\na,1\n')).toMatchObject({
      snapshotVersion: 1,
      isUnchanged: true,
    });
    expect(await client.collect('keyed', 'sensor,value\nb,1\n')).toMatchObject({ snapshotVersion: 2 });
    expect(await diffOf('keyed', 1, 2)).toEqual({ rowsAdded: 1, rowsRemoved: 0, rowsChanged: 0 });
    expect(await client.collect('keyed', 'sensor,value\na,1\n')).toMatchObject({
      snapshotVersion: 3,
      isUnchanged: false,
    });
  });

  it('begin anew when all their data is replaced, also by rows that the last increment had', async () => {
    await client.create('turned', readings);
    await client.collect('turned', 'sensor,value\na,1\n');
    await nestor.ask(UPDATE, { input: { name: 'turned', mode: 'APPEND' } });
    await client.collect('turned', 'sensor,value\nb,2\n');
    await nestor.ask(UPDATE, { input: { name: 'turned', mode: 'REPLACE' } });
    expect(await client.collect('turned', 'sensor,value\nb,2\n')).toMatchObject({ snapshotVersion: 3 });
    expect(await snapshotOf('turned')).toMatchObject({ isIncrement: false, parentVersion: 2, totalRowCount: 1 });
    expect(await diffOf('turned', 2, 3)).toEqual({ rowsAdded: 0, rowsRemoved: 1, rowsChanged: null });
  });
});

interface Listed {
  readonly version: number;
  readonly tags: readonly string[];
  readonly usedBy: readonly { kind: string; id: string }[];
}
const listed = async (source: string): Promise<Listed[]> =>
  (await nestor.ask<{ dataSnapshots: { edges: { node: Listed }[] } }>(SNAPSHOTS, { source })).dataSnapshots.edges.map(
    ({ node }) => node,
  );
const versionsOf = async (source: string): Promise<number[]> => (await listed(source)).map(({ version }) => version);
const codeOf = async (query: string, variables: Readonly<Record<string, unknown>>) =>
  (await nestor.send(query, variables)).errors[0]?.extensions.code;

/** Collects versions one after the other, each of one row. */
async function versions(source: string, count: number): Promise<void> {
  for (let version = 1; version <= count; version += 1) {
    await client.collect(source, `sensor,value\ns${version},${version}\n`);
  }
}

describe('snapshots', () => {
  it('get names that are theirs alone, and that move', async () => {
    await client.create('named', readings);
    await versions('named', 2);
    expect(await nestor.ask(TAG, { source: 'named', version: 1, tag: 'approved' })).toEqual({
      tagDataSnapshot: { version: 1, tags: ['approved'] },
    });
    await nestor.ask(TAG, { source: 'named', version: 1, tag: 'also' });
    await nestor.ask(TAG, { source: 'named', version: 2, tag: 'approved' });
    expect((await listed('named')).map(({ tags }) => tags)).toEqual([['approved'], ['also']]);
    expect(await nestor.ask(UNTAG, { source: 'named', tag: 'also' })).toEqual({ untagDataSnapshot: true });
    expect((await listed('named')).map(({ tags }) => tags)).toEqual([['approved'], []]);
    expect(await codeOf(UNTAG, { source: 'named', tag: 'also' })).toBe('NOT_FOUND');
    expect(await codeOf(TAG, { source: 'named', version: 3, tag: 'x' })).toBe('NOT_FOUND');
    expect(await codeOf(TAG, { source: 'named', version: 1, tag: 'no spaces' })).toBe('INVALID_INPUT');
    expect(await codeOf(TAG, { source: 'nobody', version: 1, tag: 'x' })).toBe('NOT_FOUND');
  });

  it('are restored as new versions, also in the midst of increments', async () => {
    await client.create('restored', { ...readings, mode: 'APPEND' });
    await versions('restored', 3);
    const { restoreDataSnapshot } = await nestor.ask<{ restoreDataSnapshot: object }>(RESTORE, {
      source: 'restored',
      version: 2,
    });
    expect(restoreDataSnapshot).toMatchObject({ version: 4, parentVersion: 1, isIncrement: true, totalRowCount: 2 });
    expect(await diffOf('restored', 2, 4)).toEqual({ rowsAdded: 0, rowsRemoved: 0, rowsChanged: 0 });
    await client.collect('restored', 'sensor,value\nnew,9\n');
    expect(await snapshotOf('restored')).toMatchObject({ version: 5, parentVersion: 4, totalRowCount: 3 });
    expect(await diffOf('restored', 3, 5)).toEqual({ rowsAdded: 1, rowsRemoved: 1, rowsChanged: null });
    expect(await codeOf(RESTORE, { source: 'restored', version: 5 })).toBe('CONFLICT');
    expect(await codeOf(RESTORE, { source: 'restored', version: 6 })).toBe('NOT_FOUND');
    expect(await codeOf(RESTORE, { source: 'nobody', version: 1 })).toBe('NOT_FOUND');
  });

  it('are kept as long as it says, or while they have a name or something was made of them', async () => {
    await client.create('kept', readings);
    await versions('kept', 6);
    await nestor.ask(TAG, { source: 'kept', version: 2, tag: 'approved' });
    const { rows } = await database.query<{ id: string }>(
      `INSERT INTO data_usages (kind, used_by, source_id, version)
       SELECT 'HISTORICAL_FEATURES', gen_random_uuid(), id, 3 FROM data_sources WHERE name = 'kept' RETURNING used_by AS id`,
    );
    expect(await nestor.ask(RETAIN, { source: 'kept', keepVersions: 2 })).toEqual({
      setDataRetention: { keepVersions: 2, keepDays: null },
    });
    await expect.poll(() => versionsOf('kept'), { timeout: 20_000 }).toEqual([6, 5, 3, 2]);
    expect((await listed('kept')).map(({ usedBy }) => usedBy)).toEqual([
      [],
      [],
      [{ kind: 'HISTORICAL_FEATURES', id: rows[0]?.id }],
      [],
    ]);
    await nestor.ask(UNTAG, { source: 'kept', tag: 'approved' });
    await expect.poll(() => versionsOf('kept'), { timeout: 20_000 }).toEqual([6, 5, 3]);
    const events = await database.query(
      `SELECT 1 FROM audit_events WHERE action = 'data-source.expire-snapshots' AND resource_id = 'kept'`,
    );
    expect(events.rowCount).toBe(2);
    expect(await nestor.ask(`{ dataRetention(source: "kept") { keepVersions keepDays } }`)).toEqual({
      dataRetention: { keepVersions: 2, keepDays: null },
    });
    expect(await codeOf(RETAIN, { source: 'kept', keepVersions: 0 })).toBe('INVALID_INPUT');
  });

  it('that others add to are kept with them', async () => {
    await client.create('chained', { ...readings, mode: 'APPEND' });
    await versions('chained', 3);
    await nestor.ask(UPDATE, { input: { name: 'chained', mode: 'REPLACE' } });
    await client.collect('chained', 'sensor,value\nall,1\n');
    await nestor.ask(TAG, { source: 'chained', version: 2, tag: 'base' });
    await nestor.ask(RETAIN, { source: 'chained', keepVersions: 1 });
    await expect.poll(() => versionsOf('chained'), { timeout: 20_000 }).toEqual([4, 2, 1]);
    expect(await diffOf('chained', 2, 4)).toEqual({ rowsAdded: 1, rowsRemoved: 2, rowsChanged: null });
  });
});

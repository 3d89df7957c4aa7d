import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSourcesClient } from '../support/data-sources.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const SNAPSHOT = `query ($source: String!, $version: Int) { dataSnapshot(source: $source, version: $version) {
  version parentVersion isIncrement rowCount totalRowCount } }`;
const DIFF = `query ($source: String!, $from: Int!, $to: Int!) { dataSnapshotDiff(source: $source, from: $from, to: $to) {
  rowsAdded rowsRemoved rowsChanged } }`;
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
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false, overrides: { NESTOR_JOB_SWEEP_MS: '200' } });
  client = new DataSourcesClient(nestor);
});
afterAll(() => nestor.close());

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

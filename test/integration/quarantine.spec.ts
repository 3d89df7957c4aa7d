import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSourcesClient, RUN, type Run } from '../support/data-sources.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const ROWS = `query ($source: String!, $filter: QuarantineFilter, $first: Int, $after: String) {
  quarantinedRows(source: $source, filter: $filter, first: $first, after: $after) { edges { node {
    collectionId row values { column value isMasked } violations { column rule } } } pageInfo { endCursor hasNextPage } } }`;
const REPLAY = `mutation ($collection: ID!, $corrections: [RowCorrectionInput!]) {
  replayQuarantine(input: { collection: $collection, corrections: $corrections }) { ${RUN} replayOf } }`;
const REPLAYED = 'query ($id: ID!) { dataCollection(id: $id) { rowsQuarantined rowsReplayed } }';
const SNAPSHOT = `query ($source: String!) { dataSnapshot(source: $source) {
  version parentVersion isIncrement rowCount totalRowCount } }`;
const UPDATE = 'mutation ($input: UpdateDataSourceInput!) { updateDataSource(input: $input) { revision } }';

interface Row {
  readonly collectionId: string;
  readonly row: number;
  readonly values: readonly { column: string; value: string | null; isMasked: boolean }[];
  readonly violations: readonly { column: string | null; rule: string }[];
}
interface Rows {
  readonly quarantinedRows: { edges: { node: Row }[]; pageInfo: { endCursor: string | null; hasNextPage: boolean } };
}

const people = {
  policy: 'QUARANTINE',
  schema: {
    keyColumns: ['id'],
    columns: [
      { name: 'id', type: 'INT64', isNullable: false },
      { name: 'mail', type: 'STRING', pattern: '[^@]+@[^@]+', isSensitive: true },
      { name: 'age', type: 'FLOAT64', minimum: 0, maximum: 120 },
    ],
  },
};
const CSV = 'id,mail,age\n1,a@x,31\n2,b@x,200\n3,none,130\n1,c@x,5\nx,d@x,many\n';

let nestor: TestNestor;
let client: DataSourcesClient;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false });
  client = new DataSourcesClient(nestor);
});
afterAll(() => nestor.close());

const rowsOf = async (source: string, variables: Readonly<Record<string, unknown>> = {}) =>
  (await nestor.ask<Rows>(ROWS, { source, ...variables })).quarantinedRows;
const waiting = async (source: string, filter?: object): Promise<number[]> =>
  (await rowsOf(source, { filter })).edges.map(({ node }) => node.row);

async function replay(collection: string, corrections?: readonly object[]): Promise<Run> {
  const { replayQuarantine } = await nestor.ask<{ replayQuarantine: Run }>(REPLAY, { collection, corrections });
  return client.ended(replayQuarantine.id);
}
const snapshotOf = async (source: string): Promise<object> =>
  (await nestor.ask<{ dataSnapshot: object }>(SNAPSHOT, { source })).dataSnapshot;
const codeOf = async (query: string, variables: Readonly<Record<string, unknown>>) =>
  (await nestor.send(query, variables)).errors[0]?.extensions.code;

describe('rows in quarantine', () => {
  it('are listed with their faults, by page and filter, and without what is sensitive', async () => {
    await client.create('listed', people);
    const { id } = await client.collect('listed', CSV);
    const older = await client.collect('listed', 'id,mail,age\n9,z@x,31\n8,y@x,-1\n');
    const all = await rowsOf('listed');
    expect(all.edges.map(({ node }) => [node.collectionId, node.row])).toEqual([
      [older.id, 2],
      [id, 2],
      [id, 3],
      [id, 4],
      [id, 5],
    ]);
    expect(all.edges[2]?.node).toEqual({
      collectionId: id,
      row: 3,
      values: [
        { column: 'id', value: '3', isMasked: false },
        { column: 'mail', value: null, isMasked: true },
        { column: 'age', value: '130', isMasked: false },
      ],
      violations: [
        { column: 'mail', rule: 'PATTERN' },
        { column: 'age', rule: 'RANGE' },
      ],
    });
    const pages: number[][] = [];
    for (let after: string | undefined, isMore = true; isMore;) {
      const page: Rows['quarantinedRows'] = await rowsOf('listed', { first: 2, after });
      pages.push(page.edges.map(({ node }) => node.row));
      after = page.pageInfo.endCursor ?? undefined;
      isMore = page.pageInfo.hasNextPage;
    }
    expect(pages).toEqual([[2, 2], [3, 4], [5]]);
    expect(await waiting('listed', { collection: older.id })).toEqual([2]);
    expect(await waiting('listed', { collection: id, rule: 'RANGE' })).toEqual([2, 3]);
    expect(await waiting('listed', { rule: 'DUPLICATE_KEY', column: 'id' })).toEqual([4]);
    expect(await waiting('listed', { column: 'mail' })).toEqual([3]);
    expect(await waiting('listed', { collection: 'x' })).toEqual([]);
    expect(await codeOf(ROWS, { source: 'listed', after: 'x' })).toBe('INVALID_CURSOR');
    expect(await codeOf(ROWS, { source: 'nobody' })).toBe('NOT_FOUND');
  });

  it('are added to the newest snapshot when they are corrected, each once', async () => {
    await client.create('corrected', people);
    const { id } = await client.collect('corrected', CSV);
    const corrections = [
      { row: 2, column: 'age', value: '20' },
      { row: 5, column: 'id', value: '5' },
      { row: 5, column: 'age', value: null },
    ];
    const { replayQuarantine } = await nestor.ask<{ replayQuarantine: Run & { replayOf: string } }>(REPLAY, {
      collection: id,
      corrections,
    });
    expect(replayQuarantine.replayOf).toBe(id);
    expect(await client.ended(replayQuarantine.id)).toMatchObject({
      status: 'SUCCEEDED',
      rowsAccepted: 2,
      rowsQuarantined: 2,
      quarantine: null,
      snapshotVersion: 2,
      report: {
        violations: [
          { rule: 'PATTERN', column: 'mail', rows: 1 },
          { rule: 'RANGE', column: 'age', rows: 1 },
          // Its key is in the snapshot already: a replay changes no row.
          { rule: 'DUPLICATE_KEY', column: 'id', rows: 1, samples: [{ row: 4, value: '1' }] },
        ],
      },
    });
    expect(await snapshotOf('corrected')).toEqual({
      version: 2,
      parentVersion: 1,
      isIncrement: true,
      rowCount: 2,
      totalRowCount: 3,
    });
    expect(await waiting('corrected')).toEqual([3, 4]);
    expect(await nestor.ask(REPLAYED, { id })).toEqual({ dataCollection: { rowsQuarantined: 4, rowsReplayed: 2 } });
    expect(await replay(id)).toMatchObject({ status: 'REJECTED', snapshotVersion: null });
    expect(await replay(id, [{ row: 2, column: 'age', value: '1' }])).toMatchObject({
      status: 'FAILED',
      error: { code: 'INVALID_INPUT', message: 'corrections: row 2 is not in quarantine.' },
    });
    expect(await waiting('corrected')).toEqual([3, 4]);
  });

  it('are taken by the schema of now, and by one of several replays', async () => {
    await client.create('widened', people);
    const { id } = await client.collect('widened', 'id,mail,age\n1,a@x,31\n2,b@x,200\n3,c@x,130\n');
    const { columns } = people.schema;
    const wider = { ...people.schema, columns: [...columns.slice(0, 2), { name: 'age', type: 'FLOAT64' }] };
    await nestor.ask(UPDATE, { input: { name: 'widened', schema: wider, policy: 'REJECT' } });
    const runs = await Promise.all([1, 2, 3].map(() => replay(id)));
    expect(runs.map(({ status, rowsAccepted }) => `${status} ${rowsAccepted}`).sort()).toEqual([
      'SUCCEEDED 0',
      'SUCCEEDED 0',
      'SUCCEEDED 2',
    ]);
    expect(await snapshotOf('widened')).toMatchObject({ version: 2, totalRowCount: 3 });
    expect(await waiting('widened')).toEqual([]);
    expect(await codeOf(REPLAY, { collection: id })).toBe('CONFLICT');
  });

  it('are replayed only where they are, and with columns that are there', async () => {
    await client.create('odd', people);
    const { id } = await client.collect('odd', CSV);
    expect(await codeOf(REPLAY, { collection: 'x' })).toBe('NOT_FOUND');
    expect(await codeOf(REPLAY, { collection: id, corrections: [{ row: 2, column: 'x', value: '' }] })).toBe(
      'INVALID_INPUT',
    );
    expect(await codeOf(REPLAY, { collection: id, corrections: [{ row: 0, column: 'id', value: '' }] })).toBe(
      'INVALID_INPUT',
    );
  });
});

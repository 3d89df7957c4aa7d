import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const SOURCE = `id name description kind file { format delimiter } secretNames mode policy revision snapshotVersion
  schema { keyColumns eventTimeColumn columns { name type isNullable minimum isSensitive } }`;
const CREATE = `mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { ${SOURCE} } }`;
const UPDATE = `mutation ($input: UpdateDataSourceInput!) { updateDataSource(input: $input) { ${SOURCE} } }`;
const DELETE = `mutation ($name: String!) { deleteDataSource(input: { name: $name }) { name } }`;
const READ = `query ($name: String!) { dataSource(name: $name) { ${SOURCE} } }`;
const RUN = `id status phase artifact attempts rowsRead rowsAccepted rowsQuarantined quarantine snapshotVersion isUnchanged
  error { code message } report { rowsRead rowsInvalid violations { rule column rows samples { row value } } }`;
const COLLECT = `mutation ($source: String!, $artifact: ID!) {
  collectDataSource(input: { source: $source, artifact: $artifact }) { ${RUN} } }`;
const COLLECTION = `query ($id: ID!) { dataCollection(id: $id) { ${RUN} } }`;
const COLLECTIONS = `query ($source: String!, $after: String) {
  dataCollections(source: $source, first: 2, after: $after) { edges { node { id } } pageInfo { hasNextPage endCursor } } }`;
const SNAPSHOT = `query ($source: String!, $version: Int) { dataSnapshot(source: $source, version: $version) {
  version parentVersion isIncrement artifact sizeBytes contentDigest rowCount totalRowCount columnCount schema { columns { name } }
  statistics { column nulls distinct minimum maximum mean } } }`;
const SNAPSHOTS = `query ($source: String!) { dataSnapshots(source: $source) { edges { node { version rowCount } } } }`;
const DIFF = `query ($source: String!, $from: Int!, $to: Int!) { dataSnapshotDiff(source: $source, from: $from, to: $to) {
  addedColumns removedColumns retypedColumns rowsAdded rowsRemoved rowsChanged from { version } to { version } } }`;

interface Run {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly rowsAccepted: number | null;
  readonly quarantine: string | null;
  readonly snapshotVersion: number | null;
  readonly isUnchanged: boolean | null;
  readonly error: { code: string; message: string } | null;
  readonly report: { rowsRead: number; rowsInvalid: number; violations: readonly object[] } | null;
}

interface Snapshot {
  readonly version: number;
  readonly parentVersion: number | null;
  readonly artifact: string;
  readonly contentDigest: string;
  readonly rowCount: number;
}

const customers = {
  kind: 'FILE',
  schema: {
    keyColumns: ['id'],
    eventTimeColumn: 'seen',
    columns: [
      { name: 'id', type: 'INT64', isNullable: false },
      { name: 'mail', type: 'STRING', pattern: '[^@]+@[^@]+', isSensitive: true },
      { name: 'age', type: 'FLOAT64', minimum: 0, maximum: 120 },
      { name: 'seen', type: 'TIMESTAMP' },
    ],
  },
} as const;

const CSV = 'id,mail,age,seen\n1,ann@x.org,31,2026-01-01\n2,bob@x.org,,2026-01-02T10:00:00Z\n3,cid@x.org,55.5,\n';

let nestor: TestNestor;
let database: pg.Client;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false, overrides: { NESTOR_JOB_SWEEP_MS: '200' } });
  database = new pg.Client({ connectionString: nestor.settings.DATABASE_URL });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await nestor.close();
});

const upload = (bytes: string | Uint8Array) => nestor.upload(typeof bytes === 'string' ? Buffer.from(bytes) : bytes);

const create = async (name: string, more: object = {}) => {
  const { createDataSource } = await nestor.ask<{ createDataSource: object }>(CREATE, {
    input: { name, ...customers, ...more },
  });
  return createDataSource;
};

const read = async (id: string): Promise<Run> => {
  const { dataCollection } = await nestor.ask<{ dataCollection: Run | null }>(COLLECTION, { id });
  if (dataCollection === null) throw new Error('The collection is gone.');
  return dataCollection;
};

async function ended(id: string): Promise<Run> {
  for (;;) {
    const run = await read(id);
    if (!['QUEUED', 'RUNNING'].includes(run.status)) return run;
    await sleep(50);
  }
}

async function submit(source: string, bytes: string | Uint8Array): Promise<Run> {
  const variables = { source, artifact: await upload(bytes) };
  return (await nestor.ask<{ collectDataSource: Run }>(COLLECT, variables)).collectDataSource;
}

const collect = async (source: string, bytes: string | Uint8Array) => ended((await submit(source, bytes)).id);

async function parquet(digest: string): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${nestor.url}/api/artifacts/${digest}`, { headers: nestor.key });
  expect(response.status).toBe(200);
  return parquetReadObjects({ file: await response.arrayBuffer(), compressors });
}

const snapshotOf = async (source: string, version?: number): Promise<Snapshot | null> =>
  (await nestor.ask<{ dataSnapshot: Snapshot | null }>(SNAPSHOT, { source, version })).dataSnapshot;

const codeOf = async (query: string, variables: Readonly<Record<string, unknown>>, key = nestor.key) =>
  (await nestor.send(query, variables, key)).errors[0]?.extensions.code;

describe('data sources', () => {
  it('are created, changed, listed and deleted, and each change is audited', async () => {
    expect(await create('crud', { description: 'People' })).toMatchObject({
      name: 'crud',
      description: 'People',
      kind: 'FILE',
      mode: 'REPLACE',
      policy: 'REJECT',
      revision: 1,
      snapshotVersion: null,
      secretNames: [],
      file: { format: null, delimiter: null },
    });
    expect(await codeOf(CREATE, { input: { name: 'crud', ...customers } })).toBe('ALREADY_EXISTS');
    const { updateDataSource } = await nestor.ask<{ updateDataSource: object }>(UPDATE, {
      input: { name: 'crud', mode: 'APPEND', policy: 'WARN', file: { format: 'CSV', delimiter: ';' } },
    });
    expect(updateDataSource).toMatchObject({
      description: 'People',
      mode: 'APPEND',
      policy: 'WARN',
      revision: 2,
      file: { format: 'CSV', delimiter: ';' },
    });
    const { dataSources } = await nestor.ask<{ dataSources: { edges: { node: { name: string } }[] } }>(
      '{ dataSources { edges { node { name } } } }',
    );
    expect(dataSources.edges.map(({ node }) => node.name)).toContain('crud');
    await nestor.ask(DELETE, { name: 'crud' });
    expect(await nestor.ask(READ, { name: 'crud' })).toEqual({ dataSource: null });
    expect(await codeOf(DELETE, { name: 'crud' })).toBe('NOT_FOUND');
    expect(await codeOf(UPDATE, { input: { name: 'crud' } })).toBe('NOT_FOUND');
    const { rows } = await database.query<{ action: string }>(
      "SELECT action FROM audit_events WHERE resource_type = 'data-source' AND resource_id = 'crud' AND outcome = 'SUCCESS' ORDER BY id",
    );
    expect(rows.map(({ action }) => action)).toEqual([
      'data-source.create',
      'data-source.update',
      'data-source.delete',
    ]);
    await create('crud');
  });

  it('keep secrets that nobody reads again', async () => {
    const secrets = [
      { name: 'token', value: 'a canary that must not be seen' },
      { name: 'other', value: 'a second canary' },
    ];
    expect(await create('secretive', { secrets })).toMatchObject({ secretNames: ['other', 'token'] });
    const stored = async () => JSON.stringify((await database.query('SELECT * FROM data_sources')).rows);
    expect(await stored()).toContain('"token":"v1.');
    await nestor.ask(UPDATE, { input: { name: 'secretive', secrets: [{ name: 'other', value: null }] } });
    expect(await nestor.ask(READ, { name: 'secretive' })).toMatchObject({ dataSource: { secretNames: ['token'] } });
    await nestor.ask(DELETE, { name: 'secretive' });
    const audited = JSON.stringify((await database.query('SELECT * FROM audit_events')).rows);
    expect((await stored()) + audited).not.toContain('canary');
  });

  it.each<[string, object, RegExp]>([
    [
      'a pattern that the engine does not take',
      { columns: [{ name: 'a', type: 'STRING', pattern: '(' }] },
      /pattern of a/,
    ],
    ['a pattern with a look-ahead', { columns: [{ name: 'a', type: 'STRING', pattern: '(?=x)' }] }, /pattern of a/],
    ['an unknown key', { columns: [{ name: 'a', type: 'STRING' }], keyColumns: ['b'] }, /no column b/],
    ['no columns', { columns: [] }, /1 to 1000/],
    ['an allowed value with U+0000', { columns: [{ name: 'a', type: 'STRING', allowedValues: ['\0'] }] }, /U\+0000/],
  ])('are refused with %s', async (_, schema, message) => {
    const { errors } = await nestor.send(CREATE, { input: { name: 'refused', kind: 'FILE', schema } });
    expect(errors[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT' } });
    expect(errors[0]?.message).toMatch(message);
  });

  it('need permissions, and are of one workspace', async () => {
    await create('private');
    const { createApiKey } = await nestor.ask<{ createApiKey: { key: string } }>(
      'mutation { createApiKey(input: { name: "reader", permissions: [DATA_READ] }) { key } }',
    );
    const reader = { 'x-api-key': createApiKey.key };
    expect(await codeOf(READ, { name: 'private' }, reader)).toBeUndefined();
    expect(await codeOf(CREATE, { input: { name: 'x', ...customers } }, reader)).toBe('FORBIDDEN');
    expect(await codeOf(COLLECT, { source: 'private', artifact: 'x' }, reader)).toBe('FORBIDDEN');
    await database.query("UPDATE data_sources SET workspace_id = gen_random_uuid() WHERE name = 'private'");
    expect(await nestor.ask(READ, { name: 'private' })).toEqual({ dataSource: null });
    expect(await codeOf(COLLECT, { source: 'private', artifact: await upload('a') })).toBe('NOT_FOUND');
    expect(await codeOf(COLLECTIONS, { source: 'private' })).toBe('NOT_FOUND');
  });
});

describe('collections', () => {
  it('make a snapshot of a file, which can be read, described and downloaded', async () => {
    await create('plain');
    expect(await snapshotOf('plain')).toBeNull();
    const run = await collect('plain', CSV);
    expect(run).toMatchObject({
      status: 'SUCCEEDED',
      phase: null,
      attempts: 1,
      rowsRead: 3,
      rowsAccepted: 3,
      rowsQuarantined: 0,
      quarantine: null,
      snapshotVersion: 1,
      isUnchanged: false,
      error: null,
      report: { rowsRead: 3, rowsInvalid: 0, violations: [] },
    });
    const snapshot = await snapshotOf('plain');
    expect(snapshot).toMatchObject({
      version: 1,
      parentVersion: null,
      rowCount: 3,
      columnCount: 4,
      statistics: [
        { column: 'id', nulls: 0, distinct: 3, minimum: '1', maximum: '3', mean: 2 },
        { column: 'mail', nulls: 0, distinct: null, minimum: null, maximum: null },
        { column: 'age', nulls: 1, minimum: '31.0', maximum: '55.5', mean: 43.25 },
        { column: 'seen', nulls: 1, minimum: '2026-01-01 00:00:00', maximum: '2026-01-02 10:00:00' },
      ],
    });
    expect(await parquet(snapshot?.artifact ?? '')).toEqual([
      { id: 1n, mail: 'ann@x.org', age: 31, seen: new Date('2026-01-01T00:00:00Z') },
      { id: 2n, mail: 'bob@x.org', age: null, seen: new Date('2026-01-02T10:00:00Z') },
      { id: 3n, mail: 'cid@x.org', age: 55.5, seen: null },
    ]);
  });

  it('make no new version of the same rows, in whatever order and format they come', async () => {
    await create('same');
    const [header = '', ...rows] = CSV.trimEnd().split('\n');
    const ndjson = [
      { seen: '2026-01-01 00:00', age: 31, mail: 'ann@x.org', id: 1 },
      { seen: '2026-01-02 11:00+01:00', age: null, mail: 'bob@x.org', id: '2' },
      { age: 55.5, mail: 'cid@x.org', id: 3 },
    ];
    for (const file of [
      CSV,
      [header, ...rows.toReversed()].join('\n'),
      gzipSync(CSV),
      ndjson.map((row) => JSON.stringify(row)).join('\n'),
    ]) {
      expect(await collect('same', file)).toMatchObject({ status: 'SUCCEEDED', snapshotVersion: 1 });
    }
    const changed = await collect('same', CSV.replace('31', '32'));
    expect(changed).toMatchObject({ snapshotVersion: 2, isUnchanged: false });
    expect(await collect('same', CSV)).toMatchObject({ snapshotVersion: 3, isUnchanged: false });
    expect((await snapshotOf('same', 3))?.contentDigest).toBe((await snapshotOf('same', 1))?.contentDigest);
    expect(await nestor.ask(SNAPSHOTS, { source: 'same' })).toEqual({
      dataSnapshots: { edges: [3, 2, 1].map((version) => ({ node: { version, rowCount: 3 } })) },
    });
  });

  const faulty = `${CSV}4,no mail,31,2026-01-01\n5,eve@x.org,200,2026-01-01\n,fay@x.org,1,2026-01-01\n1,ann@x.org,31,2026-01-01\n`;

  it('refuse a batch with faults where the policy says so, with a report', async () => {
    await create('strict');
    const run = await collect('strict', faulty);
    expect(run).toMatchObject({
      status: 'REJECTED',
      rowsAccepted: 0,
      snapshotVersion: null,
      error: { code: 'DATA_REJECTED' },
    });
    expect(run.report).toEqual({
      rowsRead: 7,
      rowsInvalid: 4,
      violations: [
        { rule: 'NULL', column: 'id', rows: 1, samples: [{ row: 6, value: null }] },
        { rule: 'PATTERN', column: 'mail', rows: 1, samples: [{ row: 4, value: null }] },
        { rule: 'RANGE', column: 'age', rows: 1, samples: [{ row: 5, value: '200' }] },
        { rule: 'DUPLICATE_KEY', column: 'id', rows: 1, samples: [{ row: 7, value: '1' }] },
      ],
    });
    expect(await snapshotOf('strict')).toBeNull();
  });

  it('keep faulty rows aside where the policy says so', async () => {
    await create('careful', { policy: 'QUARANTINE' });
    const run = await collect('careful', faulty);
    expect(run).toMatchObject({ status: 'SUCCEEDED', rowsAccepted: 3, rowsQuarantined: 4, snapshotVersion: 1 });
    expect((await snapshotOf('careful'))?.contentDigest).toBe((await snapshotOf('plain'))?.contentDigest);
    const aside = await parquet(run.quarantine ?? '');
    expect(aside.map((row) => [row['__row'], row['id'], row['__violations']])).toEqual([
      [4n, '4', '[{"column":"mail","rule":"PATTERN"}]'],
      [5n, '5', '[{"column":"age","rule":"RANGE"}]'],
      [6n, null, '[{"column":"id","rule":"NULL"}]'],
      [7n, '1', '[{"column":"id","rule":"DUPLICATE_KEY"}]'],
    ]);
  });

  it('take all rows where the policy only warns, with null for what is of no type', async () => {
    await create('lenient', { policy: 'WARN' });
    const run = await collect('lenient', 'id,mail,age,seen,more\n1,x,many,2026-01-01,y\n');
    expect(run).toMatchObject({ status: 'SUCCEEDED', rowsAccepted: 1, report: { rowsInvalid: 1 } });
    expect(await parquet((await snapshotOf('lenient'))?.artifact ?? '')).toEqual([
      { id: 1n, mail: 'x', age: null, seen: new Date('2026-01-01T00:00:00Z') },
    ]);
  });

  it('go by the schema as it is when they begin, and differences of snapshots tell what became of it', async () => {
    await create('moving');
    await collect('moving', CSV);
    const columns = [
      ...customers.schema.columns.slice(0, 1),
      ...customers.schema.columns.slice(2),
      { name: 'plan', type: 'STRING' },
    ];
    await nestor.ask(UPDATE, { input: { name: 'moving', schema: { ...customers.schema, columns } } });
    await collect('moving', 'id,age,seen,plan\n2,,2026-01-02T10:00:00Z,free\n3,56,,free\n4,1,,\n');
    expect(await nestor.ask(DIFF, { source: 'moving', from: 1, to: 2 })).toEqual({
      dataSnapshotDiff: {
        from: { version: 1 },
        to: { version: 2 },
        addedColumns: ['plan'],
        removedColumns: ['mail'],
        retypedColumns: [],
        rowsAdded: 1,
        rowsRemoved: 1,
        rowsChanged: 1,
      },
    });
    expect(await codeOf(DIFF, { source: 'moving', from: 1, to: 3 })).toBe('NOT_FOUND');
  });

  it.each<[string, () => string | Uint8Array]>([
    ['ragged rows', () => 'id,mail,age,seen\n1,a@b\n'],
    ['another encoding', () => Buffer.from('id,mail\n1,\xfc@x\n', 'latin1')],
    ['a broken footer', () => 'PAR1 nothing PAR1'],
    ['nothing', () => ''],
  ])('fail on a file with %s, and leave nothing behind', async (_, bytes) => {
    const name = `broken-${Math.random().toString(36).slice(2)}`;
    await create(name, { policy: 'QUARANTINE' });
    expect(await collect(name, bytes())).toMatchObject({
      status: 'FAILED',
      attempts: 1,
      snapshotVersion: null,
      error: { code: 'INVALID_FILE' },
    });
    expect(await snapshotOf(name)).toBeNull();
  });

  it('of one source run one at a time, in the order in which they were asked for', async () => {
    await create('busy');
    const ids: string[] = [];
    for (let age = 10; age < 16; age += 1) ids.push((await submit('busy', CSV.replace('31', String(age)))).id);
    const runs = await Promise.all(ids.map(ended));
    expect(runs.map(({ status, snapshotVersion }) => [status, snapshotVersion])).toEqual(
      ids.map((_, at) => ['SUCCEEDED', at + 1]),
    );
    const { rows } = await database.query<{ overlaps: string }>(
      `SELECT count(*) AS overlaps FROM data_collections one JOIN data_collections other
       ON one.source_id = other.source_id AND one.created_at < other.created_at AND other.started_at < one.ended_at
       WHERE one.id = ANY($1)`,
      [ids],
    );
    expect(rows).toEqual([{ overlaps: '0' }]);
    const first = await nestor.ask<{
      dataCollections: { edges: { node: { id: string } }[]; pageInfo: { endCursor: string } };
    }>(COLLECTIONS, { source: 'busy', after: null });
    const after = first.dataCollections.pageInfo.endCursor;
    const second = await nestor.ask<typeof first>(COLLECTIONS, { source: 'busy', after });
    expect([...first.dataCollections.edges, ...second.dataCollections.edges].map(({ node }) => node.id)).toEqual(
      ids.toReversed().slice(0, 4),
    );
  });

  it('are taken from a worker that is gone, and end without loss or duplicates', async () => {
    await create('resumed');
    const done = await collect('resumed', CSV);
    await database.query(
      `UPDATE data_collections SET status = 'RUNNING', worker = 'gone', lease_until = now() - interval '1 s', ended_at = NULL
       WHERE id = $1`,
      [done.id],
    );
    expect(await ended(done.id)).toMatchObject({
      status: 'SUCCEEDED',
      attempts: 2,
      snapshotVersion: 1,
      isUnchanged: true,
    });
    await database.query(
      `UPDATE data_collections SET status = 'RUNNING', worker = 'gone', lease_until = now() - interval '1 s', ended_at = NULL,
         attempts = max_attempts
       WHERE id = $1`,
      [done.id],
    );
    expect(await ended(done.id)).toMatchObject({ status: 'FAILED', error: { code: 'EXECUTOR_LOST' } });
  });

  it('need a source and a file that are there', async () => {
    expect(await codeOf(COLLECT, { source: 'nothing', artifact: await upload('a') })).toBe('NOT_FOUND');
    const artifact = `sha256:${'0'.repeat(64)}`;
    expect(await codeOf(COLLECT, { source: 'plain', artifact })).toBe('ARTIFACT_NOT_FOUND');
    expect(await codeOf(COLLECT, { source: 'plain', artifact: 'x' })).toBe('INVALID_INPUT');
    expect(await nestor.ask(COLLECTION, { id: 'x' })).toEqual({ dataCollection: null });
  });
});

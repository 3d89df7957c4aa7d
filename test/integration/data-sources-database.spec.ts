import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSourcesClient } from '../support/data-sources.js';
import { createEmptyDatabase, type TestDatabase } from '../support/database.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const CREATE = `mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) {
  kind mode secretNames file { format } database { host port database user tls query table tableSchema watermark { column overlap } } } }`;
const UPDATE = 'mutation ($input: UpdateDataSourceInput!) { updateDataSource(input: $input) { revision } }';
const RESTORE =
  'mutation ($source: String!) { restoreDataSnapshot(input: { source: $source, version: 1 }) { version } }';

/** Rows of one batch at most. */
const MAX_ROWS = 2_000;

let nestor: TestNestor;
let sources: DataSourcesClient;
let theirs: TestDatabase;
let database: pg.Client;
let url: URL;
beforeAll(async () => {
  theirs = await createEmptyDatabase();
  url = new URL(theirs.url);
  nestor = await startTestNestor({
    redis: false,
    overrides: {
      NESTOR_JOB_SWEEP_MS: '200',
      NESTOR_JOB_BACKOFF_MS: '50',
      NESTOR_JOB_ATTEMPTS: '2',
      NESTOR_DATA_MAX_ROWS: String(MAX_ROWS),
      NESTOR_DATA_MAX_ROW_BYTES: '100000',
      NESTOR_SOURCE_TIMEOUT_MS: '3000',
      NESTOR_OUTBOUND_PRIVATE_HOSTS: `${url.hostname}:${url.port}, ${url.hostname}:1`,
    },
  });
  sources = new DataSourcesClient(nestor);
  database = new pg.Client({ connectionString: theirs.url });
  await database.connect();
});
afterAll(async () => {
  await database.end();
  await nestor.close();
  await theirs.drop();
});

const connection = (more: object) => ({
  host: url.hostname,
  port: Number(url.port),
  database: url.pathname.slice(1),
  user: decodeURIComponent(url.username),
  tls: 'DISABLE',
  ...more,
});

const inputOf = (name: string, read: object, columns: readonly object[], more: object = {}) => ({
  name,
  kind: 'DATABASE',
  database: connection(read),
  secrets: [{ name: 'password', value: decodeURIComponent(url.password) || 'none' }],
  schema: { columns },
  ...more,
});

const create = (...given: Parameters<typeof inputOf>) => sources.create(given[0], inputOf(...given));

const idAndAt = [
  { name: 'id', type: 'INT64' },
  { name: 'at', type: 'TIMESTAMP' },
];

const ids = async (source: string) => (await sources.rows(source)).map(({ id }) => Number(id));

describe('databases', () => {
  it('are read as a whole, with every type as it is', async () => {
    await database.query(`CREATE TABLE "All Types" (id bigint, name text, score float8, "isIt" boolean, at timestamptz, day date,
      more jsonb, list int[], amount numeric, extra int)`);
    await database.query(`INSERT INTO "All Types" VALUES
      (9007199254740993, 'Änn "A", \\ 漢', 0.1, true, '2026-01-01 10:00:00.123456+01', '2026-01-02', '{"a": [1, null]}', '{1,2}', 1.50, 1),
      (-1, '', '-0', false, NULL, NULL, 'null', NULL, NULL, 2), (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 3)`);
    const columns = [
      { name: 'id', type: 'INT64' },
      { name: 'name', type: 'STRING' },
      { name: 'score', type: 'FLOAT64' },
      { name: 'isIt', type: 'BOOLEAN' },
      { name: 'at', type: 'TIMESTAMP' },
      { name: 'day', type: 'TIMESTAMP' },
      { name: 'more', type: 'JSON' },
      { name: 'list', type: 'JSON' },
      { name: 'amount', type: 'STRING' },
      { name: 'absent', type: 'STRING' },
    ];
    const input = inputOf('types', { table: 'All Types', tableSchema: 'public' }, columns, { policy: 'WARN' });
    const { createDataSource } = await nestor.ask<{ createDataSource: object }>(CREATE, { input });
    expect(createDataSource).toEqual({
      kind: 'DATABASE',
      mode: 'REPLACE',
      secretNames: ['password'],
      file: null,
      database: {
        ...connection({ table: 'All Types', tableSchema: 'public' }),
        query: null,
        watermark: null,
      },
    });
    const run = await sources.fetch('types');
    expect(run).toMatchObject({ status: 'SUCCEEDED', artifact: null, rowsAccepted: 3, snapshotVersion: 1 });
    expect(run.report?.violations).toEqual([
      { rule: 'MISSING_COLUMN', column: 'absent', rows: 3, samples: [] },
      { rule: 'EXTRA_COLUMN', column: 'extra', rows: 3, samples: [] },
    ]);
    expect(await sources.rows('types')).toEqual([
      {
        id: 9007199254740993n,
        name: 'Änn "A", \\ 漢',
        score: 0.1,
        isIt: true,
        at: new Date('2026-01-01T09:00:00.123Z'),
        day: new Date('2026-01-02T00:00:00Z'),
        more: '{"a": [1, null]}',
        list: '[1,2]',
        amount: '1.50',
        absent: null,
      },
      expect.objectContaining({ id: -1n, name: '', score: -0, isIt: false, at: null, more: 'null', list: null }),
      expect.objectContaining({ id: null, name: null, score: null, isIt: null, at: null }),
    ]);
    expect(await sources.fetch('types')).toMatchObject({ snapshotVersion: 1, isUnchanged: true });
  });

  it('are read step by step, where each row is taken once, whenever it comes about', async () => {
    await database.query('CREATE TABLE steps (id int, at timestamp)');
    const insert = (id: number, at: string) => database.query('INSERT INTO steps VALUES ($1, $2)', [id, at]);
    const watermark = { column: 'at', overlap: 3_600 };
    await create('steps', { query: 'SELECT id, at FROM steps -- all of them;', watermark }, idAndAt, {
      mode: 'APPEND',
    });
    expect(await sources.fetch('steps')).toMatchObject({
      status: 'SUCCEEDED',
      snapshotVersion: null,
      isUnchanged: true,
    });
    await insert(1, '2026-01-01 10:00:00.000001');
    await insert(2, '2026-01-01 10:00:00.000001');
    expect(await sources.fetch('steps')).toMatchObject({ rowsAccepted: 2, snapshotVersion: 1 });
    expect(await sources.fetch('steps')).toMatchObject({ rowsAccepted: 0, snapshotVersion: 1, isUnchanged: true });
    await insert(3, '2026-01-01 10:00:00.000001');
    await insert(4, '2026-01-01 09:30:00');
    await insert(5, '2099-01-01 00:00:00');
    await insert(6, 'infinity');
    await database.query('INSERT INTO steps VALUES (7, NULL)');
    await nestor.ask(UPDATE, { input: { name: 'steps', policy: 'QUARANTINE' } });
    expect(await sources.fetch('steps')).toMatchObject({ rowsAccepted: 3, rowsQuarantined: 1, snapshotVersion: 2 });
    await insert(8, '2026-01-02 00:00:00');
    expect(await sources.fetch('steps')).toMatchObject({ rowsAccepted: 1, snapshotVersion: 3 });
    expect(await ids('steps')).toEqual([1, 2, 4, 3, 5, 8]);
  });

  it('are read in parts where a watermark leaves more than one batch may have', async () => {
    await database.query('CREATE TABLE parts AS SELECT i AS id, i / 700 AS step FROM generate_series(1, 5000) AS i');
    const columns = ['id', 'step'].map((name) => ({ name, type: 'INT64' }));
    await create('parts', { table: 'parts', watermark: { column: 'step', overlap: 1 } }, columns, { mode: 'APPEND' });
    const accepted: (number | null)[] = [];
    while (accepted.at(-1) !== 0) accepted.push((await sources.fetch('parts')).rowsAccepted);
    expect(accepted.length).toBeGreaterThan(2);
    expect((await ids('parts')).toSorted((one, other) => one - other)).toEqual(
      Array.from({ length: 5_000 }, (_, at) => at + 1),
    );
  });

  it('are read anew from the beginning when what is read of them changes', async () => {
    await database.query('CREATE TABLE anew AS SELECT i AS id, i AS other FROM generate_series(1, 3) AS i');
    const columns = ['id', 'other'].map((name) => ({ name, type: 'INT64' }));
    await create('anew', { table: 'anew', watermark: { column: 'id' } }, columns, { mode: 'APPEND' });
    await sources.fetch('anew');
    const input = {
      name: 'anew',
      database: connection({ query: 'SELECT * FROM anew WHERE id > 1', watermark: { column: 'other' } }),
    };
    await nestor.ask(UPDATE, { input });
    expect(await sources.fetch('anew')).toMatchObject({ rowsAccepted: 2, snapshotVersion: 2 });
    expect(await ids('anew')).toEqual([2, 3]);
  });

  it('are read as a whole after an older version was restored, so that no row between the two is missed', async () => {
    await database.query('CREATE TABLE back AS SELECT i AS id FROM generate_series(1, 2) AS i');
    const columns = [{ name: 'id', type: 'INT64' }];
    await create('back', { table: 'back', watermark: { column: 'id' } }, columns, { mode: 'APPEND' });
    await sources.fetch('back');
    await database.query('INSERT INTO back VALUES (3)');
    expect(await sources.fetch('back')).toMatchObject({ rowsAccepted: 1, snapshotVersion: 2 });
    await nestor.ask(RESTORE, { source: 'back' });
    expect(await ids('back')).toEqual([1, 2]);
    await database.query('INSERT INTO back VALUES (4)');
    expect(await sources.fetch('back')).toMatchObject({ rowsAccepted: 4, snapshotVersion: 4 });
    expect(await ids('back')).toEqual([1, 2, 3, 4]);
  });

  it('are read again as a whole where an older version is restored while they are read', async () => {
    await database.query('CREATE TABLE midway AS SELECT i AS id FROM generate_series(1, 2) AS i');
    const query = 'SELECT id, CASE WHEN id = 4 THEN pg_sleep(1.5)::text END AS slept FROM midway';
    const columns = [{ name: 'id', type: 'INT64' }];
    await create('midway', { query, watermark: { column: 'id' } }, columns, { mode: 'APPEND', policy: 'WARN' });
    await sources.fetch('midway');
    await database.query('INSERT INTO midway VALUES (3)');
    expect(await sources.fetch('midway')).toMatchObject({ rowsAccepted: 1, snapshotVersion: 2 });
    await database.query('INSERT INTO midway VALUES (4)');
    const { id } = await sources.begin('midway');
    const reading = `SELECT FROM pg_stat_activity WHERE application_name = 'nestor' AND state = 'active'
      AND datname = current_database() AND query LIKE '%pg_sleep(1.5)%'`;
    while ((await database.query(reading)).rowCount === 0) await sleep(20);
    await nestor.ask(RESTORE, { source: 'midway' });
    expect(await sources.ended(id)).toMatchObject({ status: 'SUCCEEDED', attempts: 2, rowsAccepted: 4 });
    expect(await ids('midway')).toEqual([1, 2, 3, 4]);
  });

  it('that die in mid-read leave nothing, and are read again', async () => {
    await database.query('CREATE TABLE control AS SELECT true AS is_slow');
    const query = `SELECT i AS id, CASE WHEN i > 900 AND (SELECT is_slow FROM control) THEN pg_sleep(0.1)::text END AS slept
      FROM generate_series(1, 1000) AS i`;
    await create('dying', { query }, [{ name: 'id', type: 'INT64' }], { policy: 'WARN' });
    const { id } = await sources.begin('dying');
    const backend = async () =>
      (
        await database.query<{ pid: number }>(
          `SELECT pid FROM pg_stat_activity WHERE application_name = 'nestor' AND datname = current_database()
           AND query LIKE '%generate_series(1, 1000)%LIMIT 2001%'`,
        )
      ).rows[0]?.pid;
    let pid: number | undefined;
    while (pid === undefined) {
      await sleep(20);
      pid = await backend();
    }
    await database.query('UPDATE control SET is_slow = false');
    await database.query('SELECT pg_terminate_backend($1)', [pid]);
    expect(await sources.ended(id)).toMatchObject({ status: 'SUCCEEDED', attempts: 2, rowsAccepted: 1000 });
    expect(await ids('dying')).toHaveLength(1000);
  });

  it.each<[string, object, string, RegExp]>([
    ['two statements', { query: 'SELECT 1 AS id; SELECT 2 AS id' }, 'SOURCE_FAILED', /42601/],
    [
      'a way out of the parentheses',
      { query: 'SELECT 1 AS id) AS a; COMMIT; DROP TABLE kept; --' },
      'SOURCE_FAILED',
      /42601/,
    ],
    [
      'a statement that writes',
      { query: 'WITH gone AS (DELETE FROM kept RETURNING id) SELECT * FROM gone' },
      'SOURCE_FAILED',
      /0A000/,
    ],
    ['a function that writes', { query: 'SELECT lo_creat(-1)::int AS id' }, 'SOURCE_FAILED', /25006/],
    ['no such table', { table: 'nothing' }, 'SOURCE_FAILED', /42P01/],
    ['no column of the schema', { query: 'SELECT 1 AS other' }, 'SOURCE_FAILED', /none of the columns/],
    ['a column twice', { query: 'SELECT 1 AS id, 2 AS id' }, 'SOURCE_FAILED', /two columns named id/],
    ['no rows', { query: 'SELECT 1 AS id WHERE false' }, 'SOURCE_FAILED', /no rows/],
    ['too many rows', { query: 'SELECT generate_series(1, 3000) AS id' }, 'SOURCE_FAILED', /NESTOR_DATA_MAX_ROWS/],
    [
      'a row that is too long',
      { query: "SELECT repeat('x', 200000) AS id" },
      'SOURCE_FAILED',
      /NESTOR_DATA_MAX_ROW_BYTES/,
    ],
    ['a value that cannot be', { query: "SELECT 'confidential'::int AS id" }, 'SOURCE_FAILED', /22P02/],
    ['no such database', { table: 'kept', database: 'nothing' }, 'SOURCE_FAILED', /3D000/],
    ['no encryption where it must be', { table: 'kept', tls: 'REQUIRE' }, 'SOURCE_FAILED', /SSL/],
    ['nobody there', { table: 'kept', port: 1 }, 'SERVICE_UNAVAILABLE', /ECONNREFUSED/],
    ['a host of a private network', { table: 'kept', host: '169.254.169.254' }, 'ADDRESS_REFUSED', /NESTOR_OUTBOUND/],
    ['a port that is not listed', { table: 'kept', port: 2 }, 'ADDRESS_REFUSED', /NESTOR_OUTBOUND/],
    [
      'a watermark without an order',
      { query: "SELECT 1 AS id, 'x' AS at", watermark: { column: 'at' } },
      'SOURCE_FAILED',
      /no column at/,
    ],
  ])('end in a coded error with %s', async (what, read, code, message) => {
    await database.query('CREATE TABLE IF NOT EXISTS kept AS SELECT 1 AS id');
    const name = what.replaceAll(' ', '-');
    await create(name, read, idAndAt, { policy: 'WARN', mode: 'APPEND' });
    const run = await sources.fetch(name);
    expect(run).toMatchObject({ status: 'FAILED', snapshotVersion: null, error: { code } });
    expect(run.error?.message).toMatch(message);
    expect(run.error?.message).not.toContain('confidential');
    expect((await database.query('SELECT * FROM kept')).rows).toEqual([{ id: 1 }]);
  });

  it('are given up when a query never ends, and their server ends it, too', async () => {
    await create('endless', { query: 'SELECT 1 AS id FROM pg_sleep(1000)' }, idAndAt);
    const run = await sources.fetch('endless');
    expect(run).toMatchObject({ status: 'FAILED', attempts: 2, error: { code: 'DEADLINE_EXCEEDED' } });
    const working = `SELECT 1 FROM pg_stat_activity WHERE application_name = 'nestor' AND query LIKE '%pg_sleep(1000)%'`;
    while ((await database.query(working)).rowCount !== 0) await sleep(100);
  });

  it('are told by one password, which nobody reads again', async () => {
    await create('wrong', { table: 'kept' }, idAndAt, { secrets: [{ name: 'password', value: 'wrong' }] });
    expect(await sources.fetch('wrong')).toMatchObject({ status: 'FAILED', error: { code: 'SOURCE_FAILED' } });
    await create('without', { table: 'kept' }, idAndAt, { secrets: [] });
    expect(await sources.fetch('without')).toMatchObject({ status: 'FAILED' });
  });

  it.each<[string, object, RegExp]>([
    ['neither a query nor a table', { database: { host: 'h', database: 'd', user: 'u' } }, /either a query or a table/],
    [
      'both a query and a table',
      { database: { host: 'h', database: 'd', user: 'u', query: 'q', table: 't' } },
      /either/,
    ],
    ['no connection', {}, /database: a source of kind DATABASE needs it/],
    ['the connection of another kind', { file: {} }, /file: the source is of kind DATABASE/],
    ['two connections', { file: {}, database: { host: 'h', database: 'd', user: 'u', table: 't' } }, /only the one/],
    [
      'a watermark that is no column',
      { mode: 'APPEND', database: { host: 'h', database: 'd', user: 'u', table: 't', watermark: { column: 'x' } } },
      /no column x/,
    ],
    [
      'a watermark of what is replaced',
      { database: { host: 'h', database: 'd', user: 'u', table: 't', watermark: { column: 'at' } } },
      /set mode to APPEND/,
    ],
    ['a host with a port', { database: { host: 'h:1@x', database: 'd', user: 'u', table: 't' } }, /host is a name/],
  ])('are refused with %s', async (_, given, message) => {
    const { errors } = await nestor.send(CREATE, {
      input: { name: 'refused', kind: 'DATABASE', schema: { columns: idAndAt }, ...given },
    });
    expect(errors[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT' } });
    expect(errors[0]?.message).toMatch(message);
  });

  it('keep their kind, and take no file', async () => {
    const { errors } = await nestor.send(UPDATE, { input: { name: 'types', file: {} } });
    expect(errors[0]?.message).toMatch(/give database instead/);
    await expect(sources.collect('types', 'id\n1\n')).rejects.toThrow(/fetches its data by itself/);
    await sources.create('told', { schema: { columns: idAndAt } });
    await expect(sources.fetch('told')).rejects.toThrow(/upload one/);
  });
});

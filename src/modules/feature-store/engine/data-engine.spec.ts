import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FeatureValue, TypedColumn } from '../value-types.js';
import { DataEngine } from './data-engine.js';
import { DataEngineError } from './data-engine-error.js';
import { literal, quoted } from './sql-text.js';

const MIB = 1024 * 1024;

let folder: string;
let engine: DataEngine;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-engine-'));
  await mkdir(join(folder, 'inside'));
  engine = await DataEngine.open({
    memoryBytes: 128 * MIB,
    threads: 2,
    temporaryFolder: join(folder, 'temporary'),
    maxTemporaryBytes: 64 * MIB,
    folders: [join(folder, 'inside')],
  });
});

afterEach(async () => {
  await engine.close();
  await rm(folder, { recursive: true });
});

async function* once<T>(value: T): AsyncGenerator<T> {
  yield await Promise.resolve(value);
}

const endless = 'SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE a.range * b.range = 7';

describe('values', () => {
  const columns: TypedColumn[] = [
    { name: 'text', type: 'STRING' },
    { name: 'whole', type: 'INT64' },
    { name: 'real', type: 'FLOAT64' },
    { name: 'flag', type: 'BOOLEAN' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'more', type: 'JSON' },
  ];
  const rows: FeatureValue[][] = [
    ['naïve "quoted" 🙂', 42, 1.5, true, 1_700_000_000_123.456, '{"a":[1,null]}'],
    ['', -(2n ** 63n), Number.NEGATIVE_INFINITY, false, -1, '[]'],
    [null, null, null, null, null, null],
    ['x', 2n ** 53n, Number.NaN, true, 0, '"text"'],
  ];

  const fill = async () => {
    await engine.run(
      `CREATE TABLE t (text VARCHAR, whole BIGINT, "real" DOUBLE, flag BOOLEAN, "at" TIMESTAMP, more JSON)`,
    );
    return engine.append('t', columns, once(rows));
  };

  it('come back as they went in, through a table and through Parquet', async () => {
    expect(await fill()).toBe(rows.length);
    const expected = rows.map((row) => Object.fromEntries(columns.map(({ name }, at) => [name, row[at]])));
    expect(await engine.rows('SELECT * FROM t')).toEqual(expected);

    const path = join(folder, 'inside', "it's.parquet");
    await engine.run(`COPY t TO ${literal(path)} (FORMAT parquet, COMPRESSION zstd)`);
    const batches = [];
    for await (const batch of engine.batches('SELECT * FROM read_parquet(?)', [path])) batches.push(...batch);
    expect(batches).toEqual(expected);
  });

  it('are refused where they are not of their column', async () => {
    await fill();
    for (const [name, type, value] of [
      ['whole', 'INT64', 1.5],
      ['whole', 'INT64', 2n ** 63n],
      ['text', 'STRING', 5],
      ['real', 'FLOAT64', 'x'],
      ['at', 'TIMESTAMP', Number.NaN],
      ['flag', 'BOOLEAN', 1],
    ] as const) {
      await engine.run(`CREATE OR REPLACE TABLE one AS SELECT ${quoted(name)} FROM t LIMIT 0`);
      await expect(engine.append('one', [{ name, type }], once([[value]]))).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        message: expect.stringContaining(name) as string,
      });
      expect(await engine.rows('SELECT count(*) AS n FROM one')).toEqual([{ n: 0 }]);
    }
  });

  it('of other types become the nearest of ours', async () => {
    const sql = `SELECT sum(a) AS sum, DATE '1970-01-02' AS date, 1.25 AS decimal, [1, 2] AS list,
      TIMESTAMPTZ '1970-01-01 02:00:00+02' AS zoned, TIMESTAMP_NS '1970-01-01 00:00:01' AS nanos,
      TIMESTAMP_S '1970-01-01 00:00:01' AS seconds, TIMESTAMP_MS '1970-01-01 00:00:01' AS millis FROM range(10) t(a)`;
    expect(await engine.rows(sql)).toEqual([
      { sum: 45, date: 86_400_000, decimal: 1.25, list: '[1, 2]', zoned: 0, nanos: 1000, seconds: 1000, millis: 1000 },
    ]);
  });

  it('are streamed in order, and a reader may leave early', async () => {
    let next = 0;
    for await (const batch of engine.batches('SELECT range AS n FROM range(?)', [10_000_000])) {
      for (const { n } of batch) expect(n).toBe(next++);
      if (next > 10_000) break;
    }
    expect(await engine.rows('SELECT ? + 1 AS n', [41])).toEqual([{ n: 42 }]);
  });

  it('quotes identifiers of any kind', async () => {
    const name = 'we"ird; DROP TABLE x --';
    await engine.run(`CREATE TABLE ${quoted(name)} AS SELECT 1 AS ${quoted(name)}`);
    expect(await engine.rows(`SELECT * FROM ${quoted(name)}`)).toEqual([{ [name]: 1 }]);
  });
});

describe('sandbox', () => {
  it.each([
    `SELECT * FROM read_csv('/etc/passwd')`,
    `SELECT * FROM '/etc/passwd.csv'`,
    `SELECT * FROM read_text('FOLDER/inside/../outside.txt')`,
    `SELECT * FROM glob('/*')`,
    `COPY (SELECT 1) TO '/tmp/nestor-escape.csv'`,
    `ATTACH '/tmp/nestor-escape.db'`,
    'INSTALL httpfs',
    'LOAD httpfs',
    `SELECT * FROM read_csv('https://example.com/x.csv')`,
    `SET memory_limit = '100GB'`,
    'SET enable_external_access = true',
  ])('refuses %s', async (sql) => {
    await writeFile(join(folder, 'outside.txt'), 'confidential');
    await expect(engine.run(sql.replace('FOLDER', folder))).rejects.toThrow(DataEngineError);
  });

  it('runs one statement at a time', async () => {
    await expect(engine.run('CREATE TABLE a (x INTEGER); CREATE TABLE b (x INTEGER)')).rejects.toThrow(/exactly one/);
    expect(await engine.rows('SELECT table_name FROM duckdb_tables()')).toEqual([]);
  });

  it('refuses what needs more memory than there may be, and works on', async () => {
    await expect(
      engine.rows('SELECT count(DISTINCT a.range + b.range * 1000000) FROM range(1000000) a, range(1000) b'),
    ).rejects.toMatchObject({ code: 'QUERY_LIMIT_EXCEEDED' });
    expect(await engine.rows('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('ends statements by a time limit and by a signal', async () => {
    await expect(engine.rows(endless, [], { timeoutMs: 50 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 50);
    await expect(engine.run(endless, [], { signal: controller.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    const drain = async () => {
      for await (const _ of engine.batches(endless, [], { timeoutMs: 50 })) expect.unreachable();
    };
    await expect(drain()).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    await expect(engine.run('SELECT 1', [], { signal: AbortSignal.abort() })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });

  it('says what is wrong with data', async () => {
    const path = join(folder, 'inside', 'broken.parquet');
    await writeFile(path, 'PAR1 this is no footer PAR1');
    await expect(engine.rows('SELECT * FROM read_parquet(?)', [path])).rejects.toThrow(DataEngineError);
    await expect(engine.rows(`SELECT 'x'::BIGINT`)).rejects.toMatchObject({ kind: 'Conversion' });
  });
});

describe("users' SQL", () => {
  beforeEach(() => engine.run('CREATE TABLE payments AS SELECT 5 AS amount, 7 AS fee'));

  it.each([
    'SELECT amount * 2 AS double FROM payments',
    'WITH big AS (SELECT * FROM payments WHERE amount > 3) SELECT count(*) FROM big',
    'SELECT avg(amount) OVER (ORDER BY fee ROWS 3 PRECEDING) FROM payments, range(3)',
    'SELECT amount FROM payments UNION ALL SELECT fee FROM payments -- with a comment',
  ])('takes the query %s', async (sql) => {
    await expect(engine.checkQuery(sql)).resolves.toBeUndefined();
  });

  it.each([
    ['SELECT 1; SELECT 2', /exactly one/],
    ['', /exactly one/],
    ['DROP TABLE payments', /SELECT/],
    ["COPY payments TO 'x.csv'", /SELECT/],
    ['SELECT nothing FROM payments', /nothing/],
    ['SELEC 1', /syntax/],
    ['SELECT * FROM elsewhere', /elsewhere/],
    ['SELECT * FROM information_schema.tables', /tables/],
    ["SELECT * FROM 'x.parquet'", /x\.parquet/],
    ['WITH "x.parquet" AS (SELECT 1) SELECT * FROM "x.parquet"', /WITH/],
    ["SELECT * FROM read_parquet('x')", /read_parquet/],
    ["SELECT current_setting('temp_directory') FROM payments", /current_setting/],
    ['SELECT * FROM duckdb_settings()', /duckdb_settings/],
    ["SELECT (SELECT max(content) FROM read_text('x')) FROM payments", /read_text/],
    ['DESCRIBE payments', /SELECT|describe/],
  ])('refuses the query %s', async (sql, message) => {
    await expect(engine.checkQuery(sql)).rejects.toMatchObject({
      code: 'INVALID_EXPRESSION',
      message: expect.stringMatching(message) as string,
    });
  });

  it('takes an expression and gives it without what could end the parentheses around it', async () => {
    const canonical = await engine.checkExpression('amount * 2 + fee -- the fee comes on top');
    expect(canonical).not.toContain('--');
    expect(await engine.rows(`SELECT (${canonical}) AS total FROM payments`)).toEqual([{ total: 17 }]);
  });

  it.each([
    '1) FROM payments WHERE (true',
    '1), (2',
    '1) WHERE (true',
    '1) UNION SELECT (2',
    '1) ORDER BY (1',
    '1) LIMIT (1',
    '1); DROP TABLE payments; SELECT (1',
    'amount /*',
    '',
    "(SELECT content FROM read_text('/etc/passwd'))",
  ])('refuses the expression %s', async (expression) => {
    await expect(engine.checkExpression(expression)).rejects.toMatchObject({ code: 'INVALID_EXPRESSION' });
  });
});

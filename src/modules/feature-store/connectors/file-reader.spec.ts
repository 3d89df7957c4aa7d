import { randomUUID } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataColumn, openWorkbench, type TestWorkbench } from '../../../../test/support/workbench.js';
import { testSettings } from '../../../../test/support/settings.js';
import { literal } from '../engine/sql-text.js';
import { type FileFormat, FileReader } from './file-reader.js';
import { STAGED } from './staged-batch.js';

const reader = new FileReader(
  testSettings({
    NESTOR_DATA_MAX_ROW_BYTES: '100000',
    NESTOR_DATA_MAX_ROWS: '200000',
    NESTOR_DATA_UNPACKED_MAX_BYTES: '10000000',
  }),
);
const columns = [
  dataColumn('id', 'INT64'),
  dataColumn('name', 'STRING'),
  dataColumn('score', 'FLOAT64'),
  dataColumn('more', 'JSON'),
];
const any: FileFormat = { format: null, delimiter: null };

let bench: TestWorkbench;
let path: string;
beforeEach(async () => {
  bench = await openWorkbench();
  path = join(bench.folder, 'input');
});
afterEach(() => bench.close());

async function stage(bytes: string | Uint8Array, connection: FileFormat = any) {
  await bench.engine.run(`DROP TABLE IF EXISTS ${STAGED}`);
  // The engine keeps what it has read of a path, and files change here faster than their times tell.
  path = join(bench.folder, randomUUID());
  await writeFile(path, bytes);
  const staged = await reader.stage(bench.engine, path, connection, columns, {});
  return { ...staged, table: await bench.engine.rows(`SELECT * FROM ${STAGED} ORDER BY "__row"`) };
}

/** What the engine itself writes, in one of its formats. */
async function written(options: string): Promise<void> {
  await engineFile(`SELECT 1 AS id, 'Ann' AS name, 0.5 AS score, {'a': [1, NULL]} AS more`, options);
}

async function engineFile(query: string, options: string): Promise<void> {
  await bench.engine.run(`COPY (${query}) TO ${literal(path)} (${options})`);
}

const row = (at: number, id: string | null, name: string | null, score: string | null, more: string | null) => ({
  __row: at,
  id,
  name,
  score,
  more,
});

describe('files', () => {
  const csv = 'id,name,score,more\n1,"Ann, ""A""",0.5,\n2,,,{}\r\n3,"",1e3,"[1,\n2]"\n';
  const rows = [row(1, '1', 'Ann, "A"', '0.5', null), row(2, '2', null, null, '{}'), row(3, '3', '', '1e3', '[1,\n2]')];

  it('of CSV are read as text, with quotes and line breaks as RFC 4180 has them', async () => {
    const plain = csv.replaceAll('\r\n', '\n');
    expect((await stage(plain)).table).toEqual(rows);
  });

  it('may end their lines as Windows does, begin with a byte order mark, and have other delimiters', async () => {
    expect((await stage(`\uFEFFid;name;score;more\r\n1;a,b;;\r\n`)).table).toEqual([row(1, '1', 'a,b', null, null)]);
    expect((await stage('id\tname\n1\tx\n')).table).toEqual([row(1, '1', 'x', null, null)]);
    const connection = { format: 'CSV', delimiter: ':' } as const;
    expect((await stage('id:name\n1:x,y\n', connection)).table).toEqual([row(1, '1', 'x,y', null, null)]);
  });

  it('tell which columns are missing and which there are besides', async () => {
    expect(await stage('name,age,id\nAnn,7,1\n')).toEqual({
      rows: 1,
      missingColumns: ['score', 'more'],
      extraColumns: ['age'],
      table: [row(1, '1', 'Ann', null, null)],
    });
  });

  it('may be compressed with gzip or zstd, also in several parts', async () => {
    const parts = [gzipSync('id,name\n1,x\n'), gzipSync('2,y\n')];
    const table = [row(1, '1', 'x', null, null), row(2, '2', 'y', null, null)];
    expect((await stage(Buffer.concat(parts))).table).toEqual(table);
    await engineFile("SELECT 1 AS id, 'x' AS name", 'FORMAT csv, COMPRESSION zstd');
    const first = await readFile(path);
    await engineFile("SELECT 2, 'y'", 'FORMAT csv, COMPRESSION zstd, HEADER false');
    // What zstd is to skip stands before each.
    const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 1, 2]);
    expect((await stage(Buffer.concat([skipped, first, skipped, await readFile(path)]))).table).toEqual(table);
  });

  it.each([
    'FORMAT csv, COMPRESSION zstd',
    'FORMAT csv, COMPRESSION gzip',
    'FORMAT json',
    'FORMAT json, ARRAY true',
    'FORMAT json, COMPRESSION zstd',
    'FORMAT parquet',
  ])('are read as the engine writes them: %s', async (options) => {
    await written(options);
    const { rows: count } = await reader.stage(bench.engine, path, any, columns, {});
    expect(count).toBe(1);
    const [only] = await bench.engine.rows(`SELECT * FROM ${STAGED}`);
    expect(only).toMatchObject({ id: '1', name: 'Ann', score: '0.5' });
    if (!options.includes('csv')) expect(JSON.parse(String(only?.['more']))).toEqual({ a: [1, null] });
  });

  it('of NDJSON keep what is text apart from what is JSON, and take keys as they come', async () => {
    const lines = [
      '{"id":1,"name":"x","more":"text"}',
      '{"id":2,"name":null,"more":{"b":[]},"later":true}',
      '{"id":"3"}',
    ];
    expect(await stage(lines.join('\n'))).toEqual({
      rows: 3,
      missingColumns: ['score'],
      extraColumns: ['later'],
      table: [row(1, '1', 'x', null, '"text"'), row(2, '2', null, null, '{"b":[]}'), row(3, '3', null, null, null)],
    });
  });
});

function damaged(bytes: Buffer): Buffer {
  // Its checksum.
  bytes[bytes.length - 8] = (bytes[bytes.length - 8] ?? 0) ^ 1;
  return bytes;
}

const bomb = () => gzipSync(`id,name\n${'1,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n'.repeat(400_000)}`);

/** A frame of zstd: `id,name` with two rows. */
const frame = () => Buffer.from('KLUv/SQQgQAAaWQsbmFtZQoxLHgKMix5CoqlvO0=', 'base64');

/** The beginning of a frame that says that it unpacks to a terabyte. */
const liar = () => Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0]);

describe('broken files', () => {
  it.each<[string, () => string | Uint8Array, RegExp]>([
    ['an empty file', () => '', /empty/],
    ['a header alone', () => 'id,name\n', /no rows/],
    ['a row with too few values', () => 'id,name,score\n1,x,2\n2,y\n', /line 3: Expected Number of Columns/],
    ['a row with too many values', () => 'id,name\n1,x\n2,y,z\n', /line 3: Expected Number of Columns/],
    ['a quote that never ends', () => 'id,name\n1,"x\n2,y\n', /quote/i],
    [
      'text in Latin-1',
      () => Buffer.from('id,name\n1,M\xfcller\n', 'latin1'),
      /line 2: it is not UTF-8 text\. Save the file as UTF-8\.$/,
    ],
    ['text in UTF-16', () => Buffer.from('\uFEFFid,name\n1,x\n', 'utf16le'), /refused/],
    ['a value of a megabyte', () => `id,name\n1,${'x'.repeat(1_000_000)}\n`, /line 2: .*NESTOR_DATA_MAX_ROW_BYTES/],
    ['lines that end in different ways', () => 'id,name\r\n1,x\n2,y\r\n', /RFC 4180: its lines end in different ways/],
    ['a column twice', () => 'id,id\n1,2\n', /twice/],
    ['a ZIP archive', () => 'PK\u0003\u0004whatever', /ZIP/],
    ['gzip that is cut off', () => gzipSync('id,name\n1,x\n'.repeat(1000)).subarray(0, 60), /cut off/],
    ['gzip that is damaged', () => damaged(gzipSync('id,name\n1,x\n'.repeat(1000))), /cut off or damaged/],
    ['gzip that unpacks to too much', bomb, /NESTOR_DATA_UNPACKED_MAX_BYTES/],
    ['zstd that says it unpacks to too much', liar, /NESTOR_DATA_UNPACKED_MAX_BYTES/],
    ['zstd with something after its end', () => Buffer.concat([frame(), Buffer.from('more')]), /zstd is damaged/],
    ['Parquet that is encrypted', () => `PARE${'\0'.repeat(100)}PARE`, /encrypted Parquet/],
    ['Parquet that is only magic', () => 'PAR1', /^The file is refused: the file too small/],
    ['Parquet without a footer', () => `PAR1${'\0'.repeat(100)}`, /magic|footer|parquet/i],
    ['Parquet with a footer that lies', () => Buffer.from('PAR1xxxxxxxxxxxx\xff\xff\xff\x7fPAR1', 'latin1'), /refused/],
    ['JSON with a byte order mark', () => '\uFEFF{"id":1}\n', /UTF-8 without one/],
    ['a line that is no JSON', () => '{"id":1}\n{"id":\n', /Malformed JSON in the file, at byte \d+ in line 2:/],
    ['a list that is no object', () => '{"id":1}\n[1]\n', /no JSON objects/],
    ['a JSON value of a megabyte', () => `{"name":"${'x'.repeat(1_000_000)}"}`, /NESTOR_DATA_MAX_ROW_BYTES/],
    ['JSON that nests without end', () => `{"more":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, /refused/],
  ])('%s are refused, and what is wrong is said', async (_, bytes, message) => {
    await expect(stage(bytes())).rejects.toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringMatching(message) as string,
    });
  });

  it('of zstd are refused wherever they were cut off', async () => {
    for (const format of ['csv', 'json']) {
      await engineFile(
        'SELECT range AS id, hash(range) AS name FROM range(50000)',
        `FORMAT ${format}, COMPRESSION zstd`,
      );
      const whole = await readFile(path);
      await expect(stage(whole)).resolves.toMatchObject({ rows: 50_000 });
      const lengths = fc.sample(fc.integer({ min: 5, max: whole.length - 1 }), 10);
      for (const length of [whole.length - 1, whole.length - 3, ...lengths]) {
        await expect(stage(whole.subarray(0, length))).rejects.toMatchObject({
          code: 'INVALID_FILE',
          message: expect.stringMatching(/zstd is cut off/) as string,
        });
      }
    }
  });

  it('of Parquet are refused where a byte in their midst is missing', async () => {
    await engineFile(
      'SELECT range AS id, hash(range)::VARCHAR AS name FROM range(20000)',
      'FORMAT parquet, COMPRESSION zstd',
    );
    const whole = await readFile(path);
    for (const at of fc.sample(fc.integer({ min: 4, max: whole.length - 9 }), 10)) {
      await expect(stage(Buffer.concat([whole.subarray(0, at), whole.subarray(at + 1)]))).rejects.toMatchObject({
        code: 'INVALID_FILE',
      });
    }
    await expect(stage(whole.subarray(0, -4))).rejects.toMatchObject({ code: 'INVALID_FILE' });
  });

  it.each(['id,name\n1,x\n2,confidential,z\n', 'id,name\n1,"x\n\nconfidential'])(
    'tell nothing of their path or their content: %j',
    async (text) => {
      const error = (await stage(text).catch((thrown: unknown) => thrown)) as Error;
      expect(error.message).not.toContain(bench.folder);
      expect(error.message).not.toContain('confidential');
    },
  );

  it('are told from those of another format', async () => {
    await expect(stage('id\n1\n', { format: 'PARQUET', delimiter: null })).rejects.toThrow(/not Parquet/);
    await written('FORMAT parquet');
    await expect(reader.stage(bench.engine, path, { format: 'CSV', delimiter: null }, columns, {})).rejects.toThrow(
      /is Parquet/,
    );
  });

  it('are given up when nobody wants them any more', async () => {
    await writeFile(path, 'id\n1\n');
    await expect(reader.stage(bench.engine, path, any, columns, { signal: AbortSignal.abort() })).rejects.toMatchObject(
      {
        code: 'CANCELLED',
      },
    );
  });
});

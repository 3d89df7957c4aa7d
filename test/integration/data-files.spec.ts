import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DataSourcesClient } from '../support/data-sources.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';

const SOURCE = 'query ($name: String!) { dataSource(name: $name) { mode snapshotVersion file { folder pattern } } }';
const CREATE = 'mutation ($input: CreateDataSourceInput!) { createDataSource(input: $input) { id } }';
const UPDATE = 'mutation ($input: UpdateDataSourceInput!) { updateDataSource(input: $input) { revision } }';

let nestor: TestNestor;
let sources: DataSourcesClient;
let root: string;
let allowed: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'nestor-folders-'));
  allowed = join(root, 'allowed');
  await mkdir(allowed);
  await mkdir(join(root, 'other'));
  nestor = await startTestNestor({
    redis: false,
    overrides: {
      NESTOR_DATA_FOLDERS: `${allowed},${join(root, 'missing')}`,
      NESTOR_DATA_FOLDER_SETTLE_MS: '60000',
      NESTOR_DATA_UNPACKED_MAX_BYTES: '20000000',
      NESTOR_JOB_SWEEP_MS: '200',
    },
  });
  sources = new DataSourcesClient(nestor);
});
afterAll(async () => {
  await nestor.close();
  await rm(root, { recursive: true });
});

const snapshotVersion = async (name: string) =>
  (await nestor.ask<{ dataSource: { snapshotVersion: number | null } }>(SOURCE, { name })).dataSource.snapshotVersion;

const folderOf = async (name: string) => {
  const folder = join(allowed, name);
  await mkdir(folder);
  return folder;
};

const ids = async (source: string) => (await sources.rows(source)).map(({ id }) => Number(id));

describe('hostile files', () => {
  const events = {
    policy: 'QUARANTINE',
    schema: {
      keyColumns: ['key'],
      eventTimeColumn: 'at',
      columns: [
        { name: 'key', type: 'STRING', isNullable: false },
        { name: 'value', type: 'FLOAT64' },
        { name: 'at', type: 'TIMESTAMP' },
      ],
    },
  };
  const zstd = Buffer.from('KLUv/SQQgQAAaWQsbmFtZQoxLHgKMix5CoqlvO0=', 'base64');

  it.each<[string, () => string | Uint8Array, RegExp]>([
    ['a ragged row', () => 'key,value,at\na,1\n', /line 2/],
    ['Latin-1', () => Buffer.from('key,value,at\n\xfc,1,\n', 'latin1'), /unicode|UTF-8/i],
    ['UTF-16', () => Buffer.from('\uFEFFkey,value,at\na,1,\n', 'utf16le'), /refused/],
    ['a field of 10 MB', () => `key,value,at\n${'x'.repeat(10_000_000)},1,\n`, /line 2: .*NESTOR_DATA_MAX_ROW_BYTES/],
    ['a ZIP archive', () => 'PK\u0003\u0004', /ZIP/],
    ['a bomb of gzip', () => gzipSync(Buffer.alloc(50_000_000, 'a,1,\n')), /NESTOR_DATA_UNPACKED_MAX_BYTES/],
    ['zstd that was cut off', () => zstd.subarray(0, -5), /cut off/],
    ['Parquet without a footer', () => `PAR1${'x'.repeat(1_000)}`, /refused/],
    ['Parquet with another footer', () => Buffer.from('PAR1\x15\x04\xff\xff\xff\x0fPAR1', 'latin1'), /refused/],
  ])('with %s end in an error that says so, and in no snapshot', async (what, bytes, message) => {
    const name = `hostile-${what.replaceAll(/\W/g, '-')}`;
    await sources.create(name, events);
    const { status, error } = await sources.collect(name, bytes());
    expect([status, error?.code]).toEqual(['FAILED', 'INVALID_FILE']);
    expect(error?.message).toMatch(message);
    expect(await snapshotVersion(name)).toBeNull();
  });

  it('have their odd rows kept aside: drift in mid-file, no numbers, times to come', async () => {
    const future = new Date(Date.now() + 3_600_000).toISOString();
    const rows = [
      { key: 'user:1', value: 1, at: '2026-01-01' },
      { key: 'user:1:ä€𝄞', value: '2.5', at: '2026-01-01T00:00:00Z' },
      { key: { nested: ['x'] }, value: { more: 1 }, at: '2026-01-01' },
      { key: 'later', value: 3, at: future },
      { key: 'nan', value: 'NaN', at: null },
      { key: 'infinite', value: '-Infinity', at: null },
      { value: 1 },
    ];
    await sources.create('odd', events);
    const run = await sources.collect('odd', rows.map((row) => JSON.stringify(row)).join('\n'));
    expect(run).toMatchObject({ status: 'SUCCEEDED', rowsAccepted: 2, rowsQuarantined: 5 });
    expect(run.report?.violations).toMatchObject([
      { rule: 'NULL', column: 'key', rows: 1 },
      { rule: 'TYPE', column: 'value', rows: 1 },
      { rule: 'NOT_FINITE', column: 'value', rows: 2 },
      { rule: 'FUTURE', column: 'at', rows: 1 },
    ]);
    const at = new Date('2026-01-01T00:00:00Z');
    expect(await sources.rows('odd')).toEqual([
      { key: 'user:1', value: 1, at },
      { key: 'user:1:ä€𝄞', value: 2.5, at },
    ]);
  });
});

describe('files of a folder', () => {
  const schema = { columns: [{ name: 'id', type: 'INT64', isNullable: false }] };
  /** Writes a file that was changed long ago, later with each. */
  let written = 0;
  const put = async (folder: string, name: string, text: string) => {
    written += 1;
    await writeFile(join(folder, name), text);
    await utimes(join(folder, name), written, written);
  };
  it('are collected each once, and again when they changed', async () => {
    const folder = await folderOf('once');
    await put(folder, 'b.csv', 'id\n3\n');
    await put(folder, 'a.csv', 'id\n1\n2\n');
    await put(folder, 'c.txt', 'id\n99\n');
    await put(folder, '.hidden.csv', 'id\n99\n');
    await sources.create('once', { schema, file: { folder, pattern: '*.csv' } });
    expect(await nestor.ask(SOURCE, { name: 'once' })).toEqual({
      dataSource: { mode: 'APPEND', snapshotVersion: null, file: { folder, pattern: '*.csv' } },
    });
    expect(await sources.fetch('once')).toMatchObject({ status: 'SUCCEEDED', rowsAccepted: 3, snapshotVersion: 1 });
    expect(await sources.fetch('once')).toMatchObject({ status: 'SUCCEEDED', rowsAccepted: 0, snapshotVersion: 1 });
    await put(folder, 'd.csv', 'id\n4\n');
    // Touched, but with the same content.
    await put(folder, 'a.csv', 'id\n1\n2\n');
    expect(await sources.fetch('once')).toMatchObject({ rowsAccepted: 1, snapshotVersion: 2 });
    await put(folder, 'b.csv', 'id\n5\n6\n');
    expect(await sources.fetch('once')).toMatchObject({ rowsAccepted: 2, snapshotVersion: 3 });
    expect(await ids('once')).toEqual([1, 2, 3, 4, 5, 6]);
    await rm(folder, { recursive: true });
    expect(await sources.fetch('once')).toMatchObject({ status: 'FAILED', error: { code: 'SOURCE_FAILED' } });
  });

  it('are left alone while they are written', async () => {
    const folder = await folderOf('written');
    await put(folder, 'old.csv', 'id\n1\n');
    await writeFile(join(folder, 'new.csv'), 'id\n2');
    await sources.create('written', { schema, file: { folder } });
    expect(await sources.fetch('written')).toMatchObject({ rowsAccepted: 1 });
    await appendFile(join(folder, 'new.csv'), '2\n');
    await utimes(join(folder, 'new.csv'), 7, 7);
    expect(await sources.fetch('written')).toMatchObject({ rowsAccepted: 1 });
    expect(await ids('written')).toEqual([1, 22]);
  });

  it('are named where they are broken, and none of them is taken until that is mended', async () => {
    const folder = await folderOf('broken');
    await put(folder, 'a.csv', 'id\n1\n');
    await put(folder, 'b.csv', 'id,more\n1\n');
    await sources.create('broken', { schema, file: { folder } });
    const { error } = await sources.fetch('broken');
    expect(error).toMatchObject({ code: 'INVALID_FILE' });
    expect(error?.message).toMatch(/^b\.csv: .*line 2/);
    expect(await snapshotVersion('broken')).toBeNull();
    await put(folder, 'b.csv', 'id\n2\n');
    expect(await sources.fetch('broken')).toMatchObject({ rowsAccepted: 2, snapshotVersion: 1 });
  });

  it('are none where a link or a pipe leads out of the folder', async () => {
    const folder = await folderOf('links');
    const outside = join(root, 'other', 'secret.csv');
    await put(join(root, 'other'), 'secret.csv', 'id\n99\n');
    await put(folder, 'real.csv', 'id\n1\n');
    await symlink(outside, join(folder, 'absolute.csv'));
    await symlink('../../other/secret.csv', join(folder, 'relative.csv'));
    await symlink('nowhere', join(folder, 'dangling.csv'));
    await symlink('loop.csv', join(folder, 'loop.csv'));
    await symlink('real.csv', join(folder, 'within.csv'));
    await mkdir(join(folder, 'folder.csv'));
    execFileSync('mkfifo', [join(folder, 'pipe.csv')]);
    await sources.create('links', { schema, file: { folder } });
    expect(await sources.fetch('links')).toMatchObject({ status: 'SUCCEEDED', rowsAccepted: 2 });
    expect(await ids('links')).toEqual([1, 1]);
    // A file that was plain when the folder was first read.
    await put(folder, 'later.csv', 'id\n2\n');
    await rename(join(folder, 'absolute.csv'), join(folder, 'later.csv'));
    expect(await sources.fetch('links')).toMatchObject({ rowsAccepted: 0 });
  });

  it.each([
    ['another one', () => join(root, 'other')],
    ['the one above', () => root],
    ['one that begins alike', () => `${allowed}-too`],
    ['a way around', () => `${allowed}/../other`],
    ['a relative path', () => 'other'],
    ['a link to another', () => join(allowed, 'link')],
    ['the root', () => '/'],
  ])('are not looked for in a folder that is not allowed: %s', async (_, folder) => {
    await symlink(join(root, 'other'), join(allowed, 'link')).catch(() => undefined);
    const name = `refused-${folder().replaceAll(/[^a-z]/g, '-')}`;
    await sources.create(name, { schema, file: { folder: folder() } });
    const { status, error } = await sources.fetch(name);
    expect([status, error?.code]).toEqual(['FAILED', 'SOURCE_FAILED']);
    expect(error?.message).toContain('NESTOR_DATA_FOLDERS');
  });

  it('are read from the beginning in another folder', async () => {
    const [one, other] = [await folderOf('one'), await folderOf('other')];
    await put(one, 'a.csv', 'id\n1\n');
    await put(other, 'a.csv', 'id\n1\n');
    await sources.create('moved', { schema, file: { folder: one } });
    expect(await sources.fetch('moved')).toMatchObject({ rowsAccepted: 1 });
    await nestor.ask(UPDATE, { input: { name: 'moved', file: { folder: other } } });
    expect(await sources.fetch('moved')).toMatchObject({ rowsAccepted: 1, snapshotVersion: 2 });
  });

  it.each<[string, object, RegExp]>([
    ['a mode that would forget rows', { mode: 'REPLACE', file: { folder: '/x' } }, /mode/],
    ['a pattern alone', { file: { pattern: '*' } }, /pattern/],
    ['a pattern with a slash', { file: { folder: '/x', pattern: '../*' } }, /slash/],
  ])('are refused with %s', async (_, more, message) => {
    const { errors } = await nestor.send(CREATE, { input: { name: 'refused', kind: 'FILE', schema, ...more } });
    expect(errors[0]).toMatchObject({ extensions: { code: 'INVALID_INPUT' } });
    expect(errors[0]?.message).toMatch(message);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ParquetTask, readParquet } from './parquet-reader.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-parquet-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(bytes: Uint8Array, task: Partial<ParquetTask> = {}): Promise<unknown[]> {
  const path = join(folder, 'file.parquet');
  await writeFile(path, bytes);
  let text = '';
  for await (const lines of readParquet({ path, columns: null, maxColumns: 10, maxRows: 100_000, ...task }))
    text += lines;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
}

const table = (rows: number, codec?: 'GZIP') =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [
        { name: 'a', data: Array.from({ length: rows }, (_, index) => index + 0.5), type: 'DOUBLE' },
        {
          name: 'b',
          data: Array.from({ length: rows }, (_, index) => (index === 1 ? null : `é${index % 3}`)),
          type: 'STRING',
        },
      ],
      rowGroupSize: 30_000,
      ...(codec === 'GZIP' && { codec, compressors: { GZIP: (bytes: Uint8Array) => gzipSync(bytes) } }),
    }),
  );

describe('readParquet', () => {
  it('reads all rows in order, across windows and row groups', async () => {
    const rows = await read(table(70_000));
    expect(rows).toHaveLength(70_000);
    for (const index of [0, 1, 19_999, 20_000, 30_000, 69_999]) {
      expect(rows[index]).toEqual({ a: index + 0.5, b: index === 1 ? null : `é${index % 3}` });
    }
  });

  it('reads other codecs, and only the columns that are wanted', async () => {
    expect((await read(table(3, 'GZIP'), { columns: ['b', 'c'] }))[0]).toEqual({ b: 'é0' });
  });

  it('writes what JSON has no word for as other formats would', async () => {
    const moment = new Date('2026-01-02T03:04:05.000Z');
    const bytes = parquetWriteBuffer({
      columnData: [
        { name: 'big', data: [1n, 9_007_199_254_740_993n], type: 'INT64' },
        { name: 'float', data: [NaN, -Infinity], type: 'DOUBLE' },
        { name: 'time', data: [moment, null], type: 'TIMESTAMP' },
        { name: 'list', data: [{ x: [1, 2] }, null], type: 'JSON' },
      ],
    });
    expect(await read(new Uint8Array(bytes))).toEqual([
      { big: 1, float: 'NaN', time: moment.toISOString(), list: { x: [1, 2] } },
      { big: '9007199254740993', float: '-Infinity', time: null, list: null },
    ]);
  });

  it('refuses a file that was cut anywhere, or damaged at its ends', async () => {
    const whole = table(100);
    for (let length = 0; length < whole.length; length += 64) {
      await expect(read(whole.subarray(0, length)), `cut at ${length}`).rejects.toThrow(/^footer: /);
    }
    const headless = Uint8Array.from(whole);
    headless.fill(0xff, 4, 40);
    await expect(read(headless)).rejects.toThrow(/row group 0, rows 1 to 100/);
  });

  it('refuses more rows or columns than are taken', async () => {
    await expect(read(table(11), { maxRows: 10 })).rejects.toThrow(/there are 11 rows, more than 10/);
    await expect(read(table(1), { maxColumns: 1 })).rejects.toThrow(/more than 1 columns/);
  });
});

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ParquetLaunch, parquetRows } from '../../src/modules/inference/batch/input/parquet-input.js';
import { built } from '../support/built.js';

const MIB = 1024 * 1024;

let folder: string;
let launch: ParquetLaunch;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-parquet-'));
  launch = { entry: await built('src/parquet.main.js'), memoryBytes: 512 * MIB, silenceMs: 20_000 };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(bytes: Uint8Array, options: Partial<ParquetLaunch> = {}): Promise<string> {
  const path = join(folder, 'file.parquet');
  await writeFile(path, bytes);
  const task = { path, columns: null, maxColumns: 10, maxRows: 100_000_000 };
  let text = '';
  for await (const rows of parquetRows(task, { ...launch, ...options })) text += rows.toString();
  return text;
}

const table = (rows: number) =>
  new Uint8Array(
    parquetWriteBuffer({
      columnData: [{ name: 'a', data: Array.from({ length: rows }, (_, index) => index % 2), type: 'INT32' }],
      statistics: false,
    }),
  );

describe('the process that reads a Parquet file', () => {
  it('hands out the rows', async () => {
    const text = await read(table(50_000));
    expect(text.split('\n')).toHaveLength(50_001);
    expect(text.slice(0, 20)).toBe('{"a":0}\n{"a":1}\n{"a"');
  });

  it('says what is wrong with the file', async () => {
    const whole = table(1_000);
    await expect(read(whole.subarray(0, whole.length - 10))).rejects.toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringContaining('The Parquet file cannot be read.'),
    });
    await expect(read(Buffer.from('PAR1 and then nothing of it'))).rejects.toMatchObject({ code: 'INVALID_FILE' });
  });

  it('is ended where it asks for more memory than it may have, and this process does not mind', async () => {
    // A list of 2^28 schema elements, in 20 bytes of footer: the reader makes room for all of them.
    const footer = Buffer.from([0x15, 0x04, 0x19, 0xfc, 0xff, 0xff, 0xff, 0x7f, 0x00]);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    const bomb = Buffer.concat([Buffer.from('PAR1'), footer, length, Buffer.from('PAR1')]);
    const before = process.memoryUsage().rss;
    await expect(read(bomb)).rejects.toMatchObject({ code: 'INVALID_FILE' });
    expect(process.memoryUsage().rss - before).toBeLessThan(100 * MIB);
  });

  it('answers rows or what is wrong, whatever bytes of the file are changed', async () => {
    const whole = table(500);
    let refused = 0;
    for (let round = 0; round < 24; round += 1) {
      const changed = Uint8Array.from(whole);
      // A repeatable sequence that reaches every part of the file.
      for (let byte = 0; byte < 3; byte += 1) changed[(round * 97 + byte * 31) % whole.length] = (round * 37) & 0xff;
      await read(changed).catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'INVALID_FILE' });
        refused += 1;
      });
    }
    expect(refused).toBeGreaterThan(0);
  }, 60_000);

  it('is ended where it is silent for too long', async () => {
    await expect(read(table(1_000), { silenceMs: 1 })).rejects.toMatchObject({
      code: 'INVALID_FILE',
      message: expect.stringContaining('took longer than 1 ms'),
    });
  });

  it('is ended with its reader', async () => {
    const path = join(folder, 'long.parquet');
    await writeFile(path, table(2_000_000));
    const rows = parquetRows({ path, columns: null, maxColumns: 10, maxRows: 100_000_000 }, launch);
    expect((await rows.next()).done).toBe(false);
    expect(process.getActiveResourcesInfo()).toContain('ProcessWrap');
    await rows.return();
    while (process.getActiveResourcesInfo().includes('ProcessWrap')) await sleep(10);
  });
});

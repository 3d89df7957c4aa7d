import { parquetReadObjects } from 'hyparquet';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { register } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { ArtifactStore } from '../../../src/common/storage/artifact-store.js';
import { digestOfHex } from '../../../src/common/storage/digest.js';
import { until } from '../inference.js';
import { flowers, irisRecords } from '../iris.js';
import type { Batch, BatchFixture } from './fixture.js';

/** What goes in and comes out, in each format. */
export function describeBatchFiles(fixture: BatchFixture): void {
  const { work, storedFiles, submit, ended, outputOf, csvRows, chunksOf } = fixture;
  const store = () => fixture.nestor.api.app.get(ArtifactStore, { strict: false });
  const ndjsonRows = async (batch: Batch) =>
    (await outputOf(batch))
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  describe('its files', () => {
    it('runs 5,000 rows of CSV, of which the bad ones fail alone', async () => {
      await work();
      const { lines, bad } = flowers(5_000);
      const submitted = await submit(lines.join('\n'), { chunkRows: 300, includeInput: true, priority: 4 });
      expect(submitted).toMatchObject({ status: 'QUEUED', format: 'CSV', outputFormat: 'CSV', rowsTotal: null });
      const batch = await ended(submitted.id, 'SUCCEEDED');
      expect(batch).toMatchObject({
        rowsTotal: 5_000,
        rowsDone: 5_000,
        rowsFailed: bad.size,
        secondsLeft: 0,
        error: null,
      });
      expect(batch.rowsPerSecond).toBeGreaterThan(0);
      const rows = await csvRows(batch);
      expect(rows.map(({ row }) => Number(row))).toEqual(Array.from({ length: 5_000 }, (_, index) => index + 1));
      for (const [index, row] of rows.entries()) {
        const error = bad.get(index + 1);
        if (error === undefined) {
          expect(row).toMatchObject({
            label: irisRecords[index % 3]?.label,
            error: '',
            input_id: `flower ${index + 1}`,
          });
          expect(Number(row['probability'])).toBeGreaterThan(0.5);
        } else {
          expect(row).toMatchObject({ label: '', probability: '', output_label: '' });
          expect(row['error']).toMatch(error);
        }
      }
      expect((await chunksOf(batch.id)).every(({ attempts }) => attempts === 1)).toBe(true);
      const depths = await register.getSingleMetricAsString('nestor_queue_depth');
      for (const queue of ['inference', 'batch-steps', 'batch-chunks'])
        expect(depths).toContain(`{queue="${queue}"} 0`);
      const requests = await register.getSingleMetricAsString('nestor_inference_requests_total');
      expect(requests).toMatch(/model="iris",version="1",lane="batch",outcome="success"/);
    });

    it('reads NDJSON and writes NDJSON, with the input and the outputs of each row', async () => {
      await work();
      const records = irisRecords.map(({ record }) => record);
      const { petalWidth: _missing, ...short } = records[0] ?? {};
      const lines = [...records, short, { ...records[1], petalWidth: '0.2', more: { a: [1] } }];
      const file = [
        ...lines.map((line) => JSON.stringify(line)),
        '{"sepalLength": NaN, "sepalWidth": 1, "petalLength": 1, "petalWidth": 1}',
      ].join('\n');
      const batch = await ended((await submit(file, { chunkRows: 2, includeInput: true })).id, 'SUCCEEDED');
      expect(batch).toMatchObject({ rowsTotal: 6, rowsFailed: 3 });
      const rows = await ndjsonRows(batch);
      expect(rows.map(({ label }) => label)).toEqual([...irisRecords.map(({ label }) => label), null, null, null]);
      expect(rows[0]).toMatchObject({ row: 1, input: records[0], values: { label: 0 }, error: null });
      expect(rows[3]?.['error']).toBe('INVALID_RECORD: petalWidth: is missing; it takes a number.');
      expect(rows[4]).toMatchObject({ input: lines[4], values: null });
      expect(rows[4]?.['error']).toMatch(/^INVALID_RECORD: petalWidth: is "0.2"; it takes a number/);
      expect(rows[5]?.['error']).toMatch(/^INVALID_RECORD: sepalLength: is "NaN"; it takes a number/);
    });

    it('reads Parquet and writes Parquet, and drops what it unpacked', async () => {
      await work();
      const names = ['sepalLength', 'sepalWidth', 'petalLength', 'petalWidth'] as const;
      const columns = names.map((name) => ({
        name,
        data: Array.from({ length: 1_000 }, (_, index) =>
          index === 500 ? null : irisRecords[index % 3]?.record[name],
        ),
        type: 'DOUBLE' as const,
      }));
      const id = {
        name: 'id',
        data: Array.from({ length: 1_000 }, (_, index) => BigInt(index)),
        type: 'INT64' as const,
      };
      const file = new Uint8Array(parquetWriteBuffer({ columnData: [id, ...columns], rowGroupSize: 400 }));
      const batch = await ended((await submit(file, { chunkRows: 150, includeInput: true })).id, 'SUCCEEDED');
      expect(batch).toMatchObject({ format: 'PARQUET', outputFormat: 'PARQUET', rowsTotal: 1_000, rowsFailed: 1 });
      const rows = await parquetReadObjects({ file: Uint8Array.from(await outputOf(batch)).buffer });
      expect(rows.map(({ row }) => Number(row))).toEqual(Array.from({ length: 1_000 }, (_, index) => index + 1));
      expect(rows[4]).toMatchObject({
        input_id: 4,
        input_sepalLength: 6,
        label: 'versicolor',
        output_label: 1n,
        error: null,
      });
      expect(rows[500]).toMatchObject({ label: null, input_id: 500 });
      expect(rows[500]?.['error']).toMatch(/^INVALID_RECORD: sepalLength: is null/);
      const [spool] = await fixture.nestor.dataSource.query<{ rows_digest: string }[]>(
        'SELECT rows_digest FROM batch_inferences WHERE id = $1',
        [batch.id],
      );
      const digest = digestOfHex((spool?.rows_digest ?? '').slice('sha256:'.length));
      await until(
        () => store().stat(digest),
        (found) => found === null,
      );
    });

    it('writes another format than it reads', async () => {
      await work();
      const { lines } = flowers(10);
      const [ndjson, parquet] = [
        await ended((await submit(lines.join('\r\n'), { outputFormat: 'NDJSON' })).id, 'SUCCEEDED'),
        await ended((await submit(lines.join('\r\n'), { outputFormat: 'PARQUET', alias: null })).id, 'SUCCEEDED'),
      ];
      expect((await ndjsonRows(ndjson))[0]).not.toHaveProperty('input');
      const rows = await parquetReadObjects({ file: Uint8Array.from(await outputOf(parquet)).buffer });
      expect(rows[1]).toMatchObject({ row: 2n, label: 'versicolor', output_label: 1n });
    });

    it('refuses Parquet that unpacks to more than it may, and leaves nothing of it', async () => {
      await work({ NESTOR_BATCH_UNPACKED_MAX_BYTES: '2000' });
      const data = Array.from({ length: 1_000 }, () => 1);
      const names = Object.keys(irisRecords[0].record);
      const columnData = names.map((name) => ({ name, data, type: 'DOUBLE' as const }));
      const { id } = await submit(new Uint8Array(parquetWriteBuffer({ columnData })));
      const before = await storedFiles();
      expect((await ended(id, 'FAILED')).error).toMatchObject({
        code: 'INVALID_FILE',
        message: expect.stringContaining('NESTOR_BATCH_UNPACKED_MAX_BYTES'),
      });
      expect(await storedFiles()).toBe(before);
    });

    it('fails a file that is malformed, and says where', async () => {
      await work();
      const header = 'sepalLength,sepalWidth,petalLength,petalWidth';
      const parquet = new Uint8Array(parquetWriteBuffer({ columnData: [{ name: 'a', data: [1, 2], type: 'DOUBLE' }] }));
      const cases: readonly (readonly [string | Uint8Array, Readonly<Record<string, unknown>>, RegExp])[] = [
        [`${header}\n1,2,3,4\n1,"2,3,4\n`, {}, /^row 2: a quote is opened here and never closed/],
        [
          'sepalLength,petalWidth\n1,2\n',
          {},
          /^header: the model takes sepalWidth, petalLength, which the file does not/,
        ],
        [`${header}\n`, {}, /^file: it has no rows/],
        [`${header}\n${'1'.repeat(20_000)}`, {}, /^row 1: the row is longer than 10000 bytes/],
        ['{"a":1}\n[]\n', {}, /^line 2: this is no JSON object/],
        [Buffer.from([1, 0, 2]), { format: 'CSV' }, /^byte 1: this is no UTF-8 text/],
        [parquet.subarray(0, parquet.length - 20), {}, /^The Parquet file cannot be read/],
        [parquet, {}, /^header: the model takes sepalLength/],
        [header, { format: 'PARQUET' }, /^The Parquet file cannot be read/],
      ];
      const submitted = await Promise.all(cases.map(([file, input]) => submit(file, input)));
      for (const [index, [, , message]] of cases.entries()) {
        const batch = await ended(submitted[index]?.id ?? '', 'FAILED');
        expect(batch).toMatchObject({
          output: null,
          error: { code: 'INVALID_FILE', message: expect.stringMatching(message) },
        });
      }
    });
  });
}

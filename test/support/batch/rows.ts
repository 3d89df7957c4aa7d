import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../../../src/common/process/package-root.js';
import { flowers, irisRecords } from '../iris.js';
import type { BatchFixture } from './fixture.js';

/** Which rows run together, and which fail alone. */
export function describeBatchRows(fixture: BatchFixture): void {
  const { work, submit, ended, outputOf, csvRows } = fixture;

  describe('its rows', () => {
    it('fails only the rows that the model itself refuses, though they run with others', async () => {
      await work();
      const classes = Array.from({ length: 200 }, (_, row) => (row === 70 || row === 133 ? 99 : row % 3));
      const file = ['class', ...classes].join('\n');
      const batch = await ended((await submit(file, { model: 'lookup' })).id, 'SUCCEEDED');
      expect(batch).toMatchObject({ rowsTotal: 200, rowsFailed: 2 });
      for (const [row, { output_height: height, error }] of (await csvRows(batch)).entries()) {
        if (classes[row] === 99) expect(error).toMatch(/^MODEL_RUN_FAILED: /);
        else expect([Number(height), error]).toEqual([[1.5, 2.5, 3.5][row % 3], '']);
      }
    });

    it('fails a chunk whose answers would fill the memory, and runs it in smaller ones', async () => {
      await work();
      const file = ['x', ...Array.from({ length: 120 }, (_, row) => row)].join('\n');
      const failed = await ended((await submit(file, { model: 'fan' })).id, 'FAILED');
      expect(failed.error).toMatchObject({
        code: 'PAYLOAD_TOO_LARGE',
        message: expect.stringMatching(/^Rows 1 to 120: the outputs have more than 4000000 elements/),
      });
      const batch = await ended(
        (await submit(file, { model: 'fan', chunkRows: 40, outputFormat: 'PARQUET' })).id,
        'SUCCEEDED',
      );
      const rows = await parquetReadObjects({
        file: Uint8Array.from(await outputOf(batch)).buffer,
        columns: ['output_y'],
      });
      expect(rows.map(({ output_y: values }) => (values as number[])[49_999])).toEqual(rows.map((_, row) => row * 2));
    }, 60_000);

    it('runs row by row what cannot be run together', async () => {
      await work();
      await fixture.nestor.register('iris-single', await readFile(join(packageRoot, 'models/iris/1/model.onnx')), {
        inputColumns: ['sepalLength', 'sepalWidth', 'petalLength', 'petalWidth'],
        outputLabels: ['setosa', 'versicolor', 'virginica'],
        outputs: { label: 'label', probabilities: 'probabilities' },
      });
      await fixture.nestor.dataSource.query(
        `UPDATE model_versions SET batchable = false WHERE model_id = (SELECT id FROM registered_models WHERE name = 'iris-single')`,
      );
      const { lines } = flowers(30);
      const batch = await ended((await submit(lines.join('\n'), { model: 'iris-single' })).id, 'SUCCEEDED');
      expect((await csvRows(batch)).map(({ label }) => label).slice(0, 3)).toEqual(
        irisRecords.map(({ label }) => label),
      );
    });
  });
}

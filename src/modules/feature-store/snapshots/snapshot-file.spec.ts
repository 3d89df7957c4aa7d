import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testSettings } from '../../../../test/support/settings.js';
import { dataColumn, dataSchema, openWorkbench, type TestWorkbench } from '../../../../test/support/workbench.js';
import { FileReader } from '../connectors/file-reader.js';
import { literal, quoted } from '../engine/sql-text.js';
import { validateBatch } from '../validation/batch-validator.js';
import { CHECKED, INVALID } from '../validation/row-checks.rules.js';
import { writeSnapshotFile } from './snapshot-file.js';

const ROWS = 400_000;

let bench: TestWorkbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

describe('the file of a snapshot', () => {
  it.each([[[]], [['id']]])(
    'has its rows in the order of the batch, without those that are left out: key %j',
    async (keys) => {
      const { engine, folder } = bench;
      const [input, output] = [join(folder, 'input.csv'), join(folder, 'output.parquet')];
      await engine.run(
        `COPY (SELECT range AS id, CASE WHEN range % 1000 = 7 THEN 'odd' ELSE CAST(range AS VARCHAR) END AS value
         FROM range(${ROWS})) TO ${literal(input)} (HEADER)`,
      );
      const schema = dataSchema([dataColumn('id', 'INT64', { isNullable: false }), dataColumn('value', 'INT64')], {
        keyColumns: keys,
      });
      const format = { format: null, delimiter: null };
      const staged = await new FileReader(testSettings({})).judge(engine, input, format, schema, new Date(), {});
      expect(await validateBatch(engine, schema, staged, new Date(), {})).toMatchObject({ rowsInvalid: ROWS / 1_000 });
      const rows = `(SELECT * FROM ${CHECKED} WHERE NOT ${quoted(INVALID)})`;
      await writeSnapshotFile(engine, output, rows, schema, {});
      const [found] = await engine.rows(
        `SELECT count(*) AS rows, count(*) FILTER (id <= before) AS shuffled
       FROM (SELECT id, lag(id) OVER (ORDER BY file_row_number) AS before
         FROM read_parquet(${literal(output)}, file_row_number = true))`,
      );
      expect(found).toEqual({ rows: ROWS - ROWS / 1_000, shuffled: 0 });
    },
  );
});

import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openWorkbench, type TestWorkbench } from '../../../../test/support/workbench.js';
import { literal } from '../engine/sql-text.js';
import { rowsOfFiles } from './snapshot-rows.rules.js';

let bench: TestWorkbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

async function file(name: string, rows: string): Promise<string> {
  const path = join(bench.folder, `${name}.parquet`);
  await bench.engine.run(`COPY (${rows}) TO ${literal(path)} (FORMAT parquet)`);
  return path;
}

const columns = [
  { name: 'id', type: 'INT64' },
  { name: "it's", type: 'STRING' },
  { name: 'more', type: 'JSON' },
] as const;

describe('rowsOfFiles', () => {
  it('has the rows in the order of the files, each as often as its file is named', async () => {
    const one = await file('one', `SELECT range AS id, 'x' AS "it's", '{}' AS more FROM range(5000)`);
    const other = await file('other', `SELECT -1 AS id, 'y' AS "it's", NULL AS more`);
    const rows = await bench.engine.rows(`SELECT id FROM ${rowsOfFiles([one, other, other], columns)}`);
    expect(rows.map(({ id }) => id)).toEqual([...Array.from({ length: 5000 }, (_, at) => at), -1, -1]);
    expect(await bench.engine.rows(`SELECT * FROM ${rowsOfFiles([other], columns)}`)).toEqual([
      { id: -1, "it's": 'y', more: null },
    ]);
  });

  it('gives older rows the columns and types of the newest file, with null for what does not fit', async () => {
    const older = await file('older', `SELECT '7' AS id, 'gone' AS gone UNION ALL SELECT 'seven', 'gone'`);
    const newer = await file('newer', `SELECT '{"a":1}' AS more, CAST(8 AS BIGINT) AS id, 'z' AS "it's"`);
    expect(await bench.engine.rows(`SELECT * FROM ${rowsOfFiles([older, newer], columns)}`)).toEqual([
      { id: 7, "it's": null, more: null },
      { id: null, "it's": null, more: null },
      { id: 8, "it's": 'z', more: '{"a":1}' },
    ]);
  });
});

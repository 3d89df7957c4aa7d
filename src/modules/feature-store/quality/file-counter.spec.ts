import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataColumn, dataSchema, openWorkbench, type TestWorkbench } from '../../../../test/support/workbench.js';
import { literal } from '../engine/sql-text.js';
import { countFile } from './file-counter.js';
import type { SnapshotFile } from './file-counts.rules.js';

let bench: TestWorkbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

async function file(select: string, columns: readonly string[]): Promise<SnapshotFile> {
  const path = join(bench.folder, 'counted.parquet');
  await bench.engine.run(`COPY (${select}) TO ${literal(path)} (FORMAT parquet)`);
  return { path, columns: new Set(columns) };
}

const people = `SELECT * FROM (VALUES
  (1, 'ann', 31.0, TIMESTAMP '2026-01-01 00:00:00'), (2, 'BOB', 200.0, NULL), (2, NULL, 'nan'::DOUBLE, TIMESTAMP '2026-01-02 00:00:00'),
  (NULL, 'eve', NULL, NULL)) AS people(id, name, age, seen)`;
const names = ['id', 'name', 'age', 'seen'];
const schema = dataSchema(
  [
    dataColumn('id', 'INT64', { isNullable: false, allowedValues: ['1', '2'] }),
    dataColumn('name', 'STRING', { pattern: '[a-z]+' }),
    dataColumn('age', 'FLOAT64', { minimum: 0, maximum: 120 }),
    dataColumn('seen', 'TIMESTAMP'),
  ],
  { keyColumns: ['id'], eventTimeColumn: 'seen' },
);

describe('countFile', () => {
  it('counts values, faults, repeated keys and broken rules', async () => {
    const rules = [
      { name: 'adult', expression: 'age >= 100 OR name IS NULL' },
      { name: 'broken', expression: 'CAST(name AS INTEGER) > 0' },
      { name: 'gone', expression: 'nothing > 0' },
    ];
    expect(await countFile(bench.engine, await file(people, names), schema, rules, {})).toEqual({
      rows: 4,
      invalidRows: 2,
      duplicates: 1,
      newestEvent: Date.parse('2026-01-02T00:00:00Z'),
      columns: [
        { column: 'id', present: 3, invalid: 0 },
        { column: 'name', present: 3, invalid: 1 },
        { column: 'age', present: 3, invalid: 2 },
        { column: 'seen', present: 2, invalid: 0 },
      ],
      expressions: [
        { rule: 'adult', broken: 1, error: null },
        { rule: 'broken', broken: 0, error: 'The engine cannot evaluate the expression for these rows.' },
        { rule: 'gone', broken: 0, error: 'The engine cannot evaluate the expression for these rows.' },
      ],
    });
  });

  it('takes a file by the schema of now: columns that it lacks are missing, and other types are faults', async () => {
    const older = await file(`SELECT 'x' AS id UNION ALL SELECT '1' UNION ALL SELECT '1'`, ['id']);
    const now = { ...schema, keyColumns: [], hasUniqueRows: true };
    expect(await countFile(bench.engine, older, now, [], {})).toMatchObject({
      rows: 3,
      invalidRows: 1,
      duplicates: 1,
      newestEvent: null,
      columns: [
        { column: 'id', present: 3, invalid: 1 },
        { column: 'name', present: 0, invalid: 0 },
        { column: 'age', present: 0 },
        { column: 'seen', present: 0 },
      ],
    });
  });

  it('counts no repeated rows where nothing tells rows apart', async () => {
    const counts = await countFile(bench.engine, await file(people, names), { ...schema, keyColumns: [] }, [], {});
    expect(counts.duplicates).toBeNull();
  });
});

import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dataColumn, dataSchema, openWorkbench, type TestWorkbench } from '../../../../test/support/workbench.js';
import { literal } from '../engine/sql-text.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';
import { statisticsOf } from './column-statistics.js';
import { contentDigest } from './content-digest.js';
import {
  commonColumns,
  commonKey,
  keyedDiffStatement,
  schemaDiffOf,
  uniquenessStatement,
  wholeRowsDiffStatement,
} from './snapshot-diff.rules.js';

const columns: TypedColumn[] = [
  { name: 'id', type: 'INT64' },
  { name: 'text', type: 'STRING' },
  { name: 'real', type: 'FLOAT64' },
];

let bench: TestWorkbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

type Row = readonly [id: number, text: string | null, real: number | null];

async function* once(rows: readonly (readonly FeatureValue[])[]) {
  yield await Promise.resolve(rows);
}

async function fill(table: string, rows: readonly Row[]): Promise<string> {
  await bench.engine.run(`CREATE OR REPLACE TABLE ${table} (id BIGINT, text VARCHAR, "real" DOUBLE)`);
  await bench.engine.append(table, columns, once(rows));
  const path = join(bench.folder, `${table}.parquet`);
  await bench.engine.run(`COPY ${table} TO ${literal(path)} (FORMAT parquet)`);
  return `read_parquet(${literal(path)})`;
}

const anyRow = fc.tuple(
  fc.integer({ min: 0, max: 5 }),
  fc.option(fc.constantFrom('', 'a', 'a,b', '"', 'null')),
  fc.option(fc.constantFrom(0, 1.5, Number.NaN)),
);
const anyRows = fc.array(anyRow, { minLength: 1, maxLength: 8 });

const sorted = (rows: readonly Row[]) =>
  rows.map((row) => JSON.stringify(row.map(String).concat(row.map((v) => typeof v)))).sort();

describe('the digest of content', () => {
  it('is what it was in earlier releases: snapshots of theirs are compared with ours', async () => {
    await fill('kept', [
      [1, 'ä, "b"', 0.1],
      [2, null, Number.NaN],
    ]);
    expect(await contentDigest(bench.engine, 'kept', columns, {})).toBe(
      'bae2e6924ebd8e62fb97f7e2476103b9c6eea70afe1e4e344af13b6b21b2567f',
    );
  });

  it('is the same exactly where the rows are, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, anyRows, async (one, other) => {
        await fill('one', one);
        await fill('other', other);
        await fill('turned', one.toReversed());
        const [first, second, turned] = await Promise.all(
          ['one', 'other', 'turned'].map((table) => contentDigest(bench.engine, table, columns, {})),
        );
        expect(turned).toBe(first);
        expect(first === second).toBe(JSON.stringify(sorted(one)) === JSON.stringify(sorted(other)));
      }),
      { numRuns: 30 },
    );
  });

  it('is another where a column has another name or type', async () => {
    await fill('one', [[1, 'a', 2]]);
    const digest = await contentDigest(bench.engine, 'one', columns, {});
    await bench.engine.run('ALTER TABLE one RENAME text TO words');
    const renamed = columns.map((column) => (column.name === 'text' ? { ...column, name: 'words' } : column));
    expect(await contentDigest(bench.engine, 'one', renamed, {})).not.toBe(digest);
    const retyped = renamed.map((column) => (column.name === 'id' ? { ...column, type: 'STRING' as const } : column));
    expect(await contentDigest(bench.engine, 'one', retyped, {})).not.toBe(digest);
  });
});

describe('statistics', () => {
  it('count nulls and values, and tell extremes, mean and deviation of what is finite', async () => {
    await fill('one', [
      [1, 'b', 1],
      [2, 'a', 2],
      [3, null, Number.NaN],
      [4, 'b', null],
    ]);
    const asked = [
      dataColumn('id', 'INT64'),
      dataColumn('text', 'STRING', { isSensitive: true }),
      dataColumn('real', 'FLOAT64'),
    ];
    expect(await statisticsOf(bench.engine, 'one', asked, {})).toEqual([
      {
        column: 'id',
        nulls: 0,
        distinct: 4,
        minimum: '1',
        maximum: '4',
        mean: 2.5,
        standardDeviation: expect.closeTo(1.29099, 4) as number,
      },
      { column: 'text', nulls: 1, distinct: null, minimum: null, maximum: null, mean: null, standardDeviation: null },
      {
        column: 'real',
        nulls: 1,
        distinct: 3,
        minimum: '1.0',
        maximum: 'nan',
        mean: 1.5,
        standardDeviation: expect.closeTo(Math.SQRT1_2, 4) as number,
      },
    ]);
  });
});

const uniqueness = async (rows: readonly Row[]) =>
  bench.engine.rows(uniquenessStatement(await fill('one', rows), ['id', 'text']));

describe('differences', () => {
  it('of rows as a whole are those of two bags', async () => {
    await fc.assert(
      fc.asyncProperty(anyRows, anyRows, async (before, after) => {
        const sql = wholeRowsDiffStatement(await fill('one', before), await fill('other', after), columns);
        const rest = sorted(after);
        const removed = sorted(before).filter((line) => {
          const at = rest.indexOf(line);
          if (at !== -1) rest.splice(at, 1);
          return at === -1;
        });
        expect(await bench.engine.rows(sql)).toEqual([{ added: rest.length, removed: removed.length }]);
      }),
      { numRuns: 30 },
    );
  });

  it('of rows by key tell which were added, removed and changed', async () => {
    const before = await fill('one', [
      [1, 'a', 1],
      [2, 'b', Number.NaN],
      [3, null, null],
      [4, 'd', 4],
    ]);
    const after = await fill('other', [
      [2, 'b', Number.NaN],
      [3, null, 0],
      [4, 'D', 4],
      [5, 'e', 5],
      [6, 'f', 6],
    ]);
    const sql = keyedDiffStatement(before, after, ['id'], columns);
    expect(await bench.engine.rows(sql)).toEqual([{ added: 2, removed: 1, changed: 2 }]);
  });

  it('go by key only where keys are unique', async () => {
    expect(
      await uniqueness([
        [1, 'a', 1],
        [1, 'b', 1],
      ]),
    ).toEqual([{ isUnique: true }]);
    expect(
      await uniqueness([
        [1, 'a', 1],
        [1, 'a', 2],
      ]),
    ).toEqual([{ isUnique: false }]);
    expect(
      await uniqueness([
        [1, null, 1],
        [2, 'a', 2],
      ]),
    ).toEqual([{ isUnique: false }]);
  });

  it('of schemas tell columns that came, went and have another type', () => {
    const id = dataColumn('id', 'INT64', { isNullable: false });
    const before = dataSchema([id, dataColumn('gone', 'STRING'), dataColumn('was', 'STRING')], { keyColumns: ['id'] });
    const after = dataSchema([dataColumn('came', 'STRING'), dataColumn('was', 'INT64'), id], { keyColumns: ['id'] });
    expect(schemaDiffOf(before, after)).toEqual({
      addedColumns: ['came'],
      removedColumns: ['gone'],
      retypedColumns: ['was'],
    });
    expect(commonColumns(before, after)).toEqual([id]);
    expect(commonKey(before, after)).toEqual(['id']);
    expect(commonKey(before, dataSchema([dataColumn('id', 'STRING')], { keyColumns: ['id'] }))).toEqual([]);
    expect(commonKey(before, dataSchema([id]))).toEqual([]);
  });
});

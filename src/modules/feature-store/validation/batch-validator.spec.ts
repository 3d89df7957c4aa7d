import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { testSettings } from '../../../../test/support/settings.js';
import { dataColumn, dataSchema, openWorkbench, type TestWorkbench } from '../../../../test/support/workbench.js';
import { groupBy } from '../../../common/collections/group-by.js';
import { FileReader } from '../connectors/file-reader.js';
import type { DataSchema } from '../sources/data-source.js';
import type { FeatureValue, ValueType } from '../value-types.js';
import { validateBatch } from './batch-validator.js';
import { CHECKED, INVALID, violationTexts } from './row-checks.rules.js';

const reader = new FileReader(testSettings({}));
const now = new Date('2026-06-01T12:00:00Z');

let bench: TestWorkbench;
beforeEach(async () => {
  bench = await openWorkbench();
});
afterEach(() => bench.close());

const format = { format: 'NDJSON', delimiter: null } as const;

async function fileOf(lines: readonly unknown[]): Promise<string> {
  const path = join(bench.folder, 'input');
  await writeFile(path, lines.map((line) => JSON.stringify(line)).join('\n'));
  return path;
}

async function check(schema: DataSchema, lines: readonly unknown[]) {
  const staged = await reader.judge(bench.engine, await fileOf(lines), format, schema, now, {});
  return validateBatch(bench.engine, schema, staged, now, {});
}

/** As `check`, of rows that are in a table before they are judged. */
async function checkTable(schema: DataSchema, lines: readonly unknown[]) {
  const staged = await reader.stage(bench.engine, await fileOf(lines), format, schema.columns, {});
  return validateBatch(bench.engine, schema, staged, now, {});
}

describe('types', () => {
  it.each<[ValueType, string, FeatureValue | undefined]>([
    ['STRING', ' as it is ', ' as it is '],
    ['INT64', '42', 42],
    ['INT64', ' -7 ', -7],
    ['INT64', '5.0', 5],
    ['INT64', '9223372036854775807', 2n ** 63n - 1n],
    ['INT64', '9223372036854775808', undefined],
    ['INT64', '1.5', undefined],
    ['INT64', '1e3', undefined],
    ['INT64', '', undefined],
    ['INT64', '+007', 7],
    ['INT64', '0x10', undefined],
    ['INT64', '1_000', undefined],
    ['INT64', '.5', undefined],
    ['FLOAT64', '1.5e3', 1_500],
    ['FLOAT64', '0.1', 0.1],
    ['FLOAT64', '1,5', undefined],
    ['FLOAT64', ' -.5 ', -0.5],
    ['BOOLEAN', 'true', true],
    ['BOOLEAN', 'False', false],
    ['BOOLEAN', ' true ', true],
    ['BOOLEAN', 'maybe', undefined],
    ['TIMESTAMP', '2026-01-02', Date.UTC(2026, 0, 2)],
    ['TIMESTAMP', '2026-01-02 03:04:05.678', Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    ['TIMESTAMP', '2026-01-02T03:04:05Z', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['TIMESTAMP', '2026-01-02T03:04:05+02:00', Date.UTC(2026, 0, 2, 1, 4, 5)],
    ['TIMESTAMP', '2026-01-02T03:04', Date.UTC(2026, 0, 2, 3, 4)],
    ['TIMESTAMP', '2026-01-02 03:04-01:00', Date.UTC(2026, 0, 2, 4, 4)],
    ['TIMESTAMP', '2026-01-02T03:04:05.678Z', Date.UTC(2026, 0, 2, 3, 4, 5, 678)],
    ['TIMESTAMP', ' 2026-01-02T03:04Z ', Date.UTC(2026, 0, 2, 3, 4)],
    ['TIMESTAMP', '2026-01-02 03:04:05+02', Date.UTC(2026, 0, 2, 1, 4, 5)],
    ['TIMESTAMP', '2026-01-02T03:04:05', Date.UTC(2026, 0, 2, 3, 4, 5)],
    ['TIMESTAMP', '2026-1-2 3:04+02:00', undefined],
    ['TIMESTAMP', '2026-01-02 03:04+02', Date.UTC(2026, 0, 2, 1, 4)],
    ['TIMESTAMP', '2026-01-02 03:04:05+02Z', undefined],
    ['TIMESTAMP', 'infinity', undefined],
    ['TIMESTAMP', '-infinity', undefined],
    ['TIMESTAMP', '2026-13-01', undefined],
    ['JSON', '{"a":[1]}', '{"a":[1]}'],
  ])('%s takes the text %j as %s', async (type, text, value) => {
    // JSON columns take the value itself, others its text.
    const given: unknown = type === 'JSON' ? JSON.parse(text) : text;
    const { violations } = await check(dataSchema([dataColumn('x', type)]), [{ x: given }]);
    expect(violations.map(({ rule }) => rule)).toEqual(value === undefined ? ['TYPE'] : []);
    expect(await bench.engine.rows(`SELECT x FROM ${CHECKED}`)).toEqual([{ x: value ?? null }]);
  });
});

const fault = (rule: string, column: string, ...samples: [number, string | null][]) => ({
  rule,
  column,
  rows: samples.length,
  samples: samples.map(([row, value]) => ({ row, value })),
});

describe('rules', () => {
  const schema = dataSchema(
    [
      dataColumn('id', 'INT64', { isNullable: false }),
      dataColumn('age', 'FLOAT64', { minimum: 0, maximum: 120 }),
      dataColumn('plan', 'STRING', { allowedValues: ['free', "owner's"] }),
      dataColumn('mail', 'STRING', { pattern: '[^@]+@[^@]+', isSensitive: true }),
      dataColumn('seen', 'TIMESTAMP'),
    ],
    { keyColumns: ['id'], eventTimeColumn: 'seen', maxAgeSeconds: 3_600 },
  );
  const good = { id: 1, age: 20, plan: 'free', mail: 'a@b', seen: '2026-06-01T11:30:00Z' };

  it('find nothing in a batch that is as it should be', async () => {
    const rows = [good, { ...good, id: 2, age: 0 }, { ...good, id: 3, age: 120, plan: "owner's", mail: null }];
    expect(await check(schema, rows)).toEqual({ rowsRead: 3, rowsInvalid: 0, violations: [] });
  });

  it.each([
    ['read from the file', false],
    ['in a table', true],
  ])(
    'name column, rule, rows and samples of each fault, and keep what is sensitive to themselves: %s',
    async (_, isTable) => {
      const rows = [
        good,
        { ...good, id: null },
        { ...good, id: 2, age: -1 },
        { ...good, id: 3, age: 'NaN' },
        { ...good, id: 4, age: 'Infinity', plan: 'gold' },
        { ...good, id: 5, mail: 'confidential' },
        { ...good, id: 6, seen: '2026-06-01T12:02:00Z' },
        { ...good, id: 'x' },
        { ...good, extra: 1 },
      ];
      expect(await (isTable ? checkTable : check)(schema, rows)).toEqual({
        rowsRead: 9,
        rowsInvalid: 8,
        violations: [
          { rule: 'EXTRA_COLUMN', column: 'extra', rows: 9, samples: [] },
          fault('TYPE', 'id', [8, 'x']),
          fault('NULL', 'id', [2, null]),
          fault('NOT_FINITE', 'age', [4, 'NaN'], [5, 'Infinity']),
          fault('RANGE', 'age', [3, '-1']),
          fault('ALLOWED_VALUES', 'plan', [5, 'gold']),
          fault('PATTERN', 'mail', [6, null]),
          fault('FUTURE', 'seen', [7, '2026-06-01T12:02:00Z']),
          fault('DUPLICATE_KEY', 'id', [9, '1']),
        ],
      });
      expect(
        await bench.engine.rows(
          `SELECT "__row" AS row, ${violationTexts(schema)} AS text FROM ${CHECKED} AS checked WHERE "${INVALID}" ORDER BY row`,
        ),
      ).toContainEqual({
        row: 5,
        text: '[{"column":"age","rule":"NOT_FINITE"},{"column":"plan","rule":"ALLOWED_VALUES"}]',
      });
    },
  );

  it('keep of rows with one key the first without another fault', async () => {
    await check(schema, [{ ...good, age: 999 }, good, good]);
    expect(await bench.engine.rows(`SELECT "__row" AS row FROM ${CHECKED} WHERE NOT "${INVALID}"`)).toEqual([
      { row: 2 },
    ]);
  });

  it('find equal rows where they are a fault', async () => {
    const columns = [dataColumn('a', 'STRING'), dataColumn('b', 'STRING')];
    const rows = [{ a: 'x', b: null }, { a: 'x' }, { a: 'x', b: '' }];
    expect((await check(dataSchema(columns, { hasUniqueRows: true }), rows)).violations).toEqual([
      { rule: 'DUPLICATE_ROW', column: null, rows: 1, samples: [{ row: 2, value: null }] },
    ]);
  });

  it('compare rows by what they say, and not such as say nothing of the type', async () => {
    const columns = [dataColumn('a', 'INT64')];
    const rows = [{ a: '1' }, { a: 'x' }, { a: '1.0' }, { a: 'y' }];
    expect((await check(dataSchema(columns, { hasUniqueRows: true }), rows)).violations).toEqual([
      fault('TYPE', 'a', [2, 'x'], [4, 'y']),
      { rule: 'DUPLICATE_ROW', column: null, rows: 1, samples: [{ row: 3, value: null }] },
    ]);
  });

  it('let equal rows be where nothing is said of them', async () => {
    expect((await check(dataSchema([dataColumn('a', 'STRING')]), [{ a: 'x' }, { a: 'x' }])).violations).toEqual([]);
  });

  it('are counted for hundreds of columns', async () => {
    const columns = Array.from({ length: 250 }, (_, at) =>
      dataColumn(`c${at}`, 'STRING', { isNullable: false, allowedValues: ['1'], pattern: '[0-9]' }),
    );
    const schema = dataSchema(columns);
    const line = (value: unknown) => Object.fromEntries(columns.map(({ name }) => [name, value]));
    const { violations } = await check(schema, [line('x'), line(null), line('1'), line('2')]);
    const rowsBy = groupBy(violations, ({ rule, rows }) => `${rule} ${rows}`);
    expect([...rowsBy].map(([key, { length }]) => [key, length])).toEqual([
      ['NULL 1', 250],
      ['ALLOWED_VALUES 2', 250],
      ['PATTERN 1', 250],
    ]);
  });

  it('name columns that there are besides so that the database can keep it', async () => {
    const { violations } = await check(dataSchema([dataColumn('a', 'STRING')]), [
      { a: 'x', 'b\0c': 1, ['😀'.repeat(1_000)]: 1 },
    ]);
    expect(violations.map(({ rule, column }) => [rule, column])).toEqual([
      ['EXTRA_COLUMN', 'b\uFFFDc'],
      ['EXTRA_COLUMN', '😀'.repeat(128)],
    ]);
  });

  it('say when the newest event is too old, and when columns are missing', async () => {
    const { violations } = await check(schema, [{ id: 1, seen: '2026-06-01T10:00:00Z' }]);
    expect(violations.filter(({ rule }) => rule === 'MISSING_COLUMN').map(({ column }) => column)).toEqual([
      'age',
      'plan',
      'mail',
    ]);
    expect(violations.at(-1)).toEqual({
      rule: 'STALE',
      column: 'seen',
      rows: 0,
      samples: [{ row: 0, value: '2026-06-01T10:00:00.000Z' }],
    });
  });
});

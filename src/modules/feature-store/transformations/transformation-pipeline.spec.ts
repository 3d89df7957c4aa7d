import { describe, expect, it } from 'vitest';
import { fillTable, useDataEngine } from '../../../../test/support/data-engine.js';
import { fittedTo, pipelineOf } from '../../../../test/support/transformations.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureValue } from '../value-types.js';
import type { Row, RowShape } from './transformation.js';

const engine = useDataEngine();

const shape: RowShape = {
  columns: [
    { name: 'user', type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
    { name: 'amount', type: 'FLOAT64' },
    { name: 'visits', type: 'INT64' },
    { name: 'note', type: 'JSON' },
  ],
  entityKeys: ['user'],
  eventTime: 'at',
};

const rowsOf = (...amounts: readonly FeatureValue[]): Row[] =>
  amounts.map((amount, index) => ({ user: 'ann', at: index * 1_000, amount, visits: index, note: '{}' }));

async function refusal(action: () => unknown): Promise<CodedError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

const answered = (sql: string): Promise<Row[]> => engine().rows(sql);

describe('steps over columns', () => {
  it.each<[string, unknown, RegExp]>([
    [
      'a column that is not there',
      { kind: 'LOG1P', input: 'amuont', output: 'log' },
      /steps\[1\]\.input: there is no column "amuont" here; there are user, at, amount, visits, note, first/,
    ],
    [
      'a column of another type',
      { kind: 'LOG1P', input: 'user', output: 'log' },
      /steps\[1\]\.input: "user" is STRING, but this takes INT64 or FLOAT64/,
    ],
    [
      'a key of numbers with a fraction',
      { kind: 'FREQUENCY', inputs: ['amount'], output: 'often' },
      /inputs\[0\]: "amount" is FLOAT64/,
    ],
    [
      'an output that is there',
      { kind: 'LAG', input: 'amount', output: 'visits' },
      /steps\[1\]: it adds "visits", but/,
    ],
    [
      'an output that differs by case',
      { kind: 'LAG', input: 'amount', output: 'First' },
      /there is a column "first" already/,
    ],
    [
      'a partition by no column',
      { kind: 'LAG', input: 'amount', partitionBy: ['shop'], output: 'before' },
      /steps\[1\]\.partitionBy\[0\]: there is no column "shop"/,
    ],
    [
      'more periods than rows',
      { kind: 'ROLLING', input: 'amount', statistic: 'SUM', window: { rows: 3 }, minimumPeriods: 4, output: 'sum' },
      /minimumPeriods: there are only 3 rows/,
    ],
    [
      'a constant that is missing',
      { kind: 'FILL_MISSING', input: 'amount', strategy: 'CONSTANT', output: 'y' },
      /needs a value/,
    ],
    [
      'a constant that is too much',
      { kind: 'FILL_MISSING', input: 'amount', strategy: 'MEAN', value: 1, output: 'y' },
      /no other takes one/,
    ],
    [
      'a constant of another type',
      { kind: 'FILL_MISSING', input: 'visits', strategy: 'CONSTANT', value: 1.5, output: 'y' },
      /"visits" is INT64, which this value is not/,
    ],
    [
      'a partition that is not used',
      { kind: 'FILL_MISSING', input: 'visits', strategy: 'MEAN', partitionBy: [], output: 'y' },
      /only strategy FORWARD/,
    ],
    ['a mean of texts', { kind: 'FILL_MISSING', input: 'user', strategy: 'MEAN', output: 'y' }, /"user" is STRING/],
  ])('refuse %s', async (_, step, message) => {
    const first = { kind: 'LOG1P', input: 'amount', output: 'first' };
    const error = await refusal(() => pipelineOf([first, step], shape));
    expect(error.code).toBe('INVALID_TRANSFORMATION');
    expect(error.message).toMatch(message);
  });

  it.each<[string, RowShape, RegExp]>([
    ['windows over rows without an event time', { ...shape, eventTime: null }, /steps\[0\].*have no event time/],
    ['an event time that is none', { ...shape, eventTime: 'amount' }, /eventTime: "amount" must be/],
    ['an entity key that is no column', { ...shape, entityKeys: ['shop'] }, /entityKeys: there is no column "shop"/],
    [
      'a column of our own',
      { ...shape, columns: [...shape.columns, { name: '__row', type: 'INT64' }] },
      /two underscores/,
    ],
    ['a column twice', { ...shape, columns: [...shape.columns, { name: 'USER', type: 'STRING' }] }, /"USER".*"user"/],
  ])('refuse %s', async (_, wrong, message) => {
    const error = await refusal(() => pipelineOf([{ kind: 'LAG', input: 'amount', output: 'before' }], wrong));
    expect(error.code).toBe('INVALID_TRANSFORMATION');
    expect(error.message).toMatch(message);
  });

  it('tell what they add before anything is learned, and whether there is something to learn', () => {
    const pipeline = pipelineOf(
      [
        { kind: 'LAG', input: 'user', output: 'before' },
        { kind: 'CALENDAR_PART', input: 'at', part: 'IS_WEEKEND', output: 'weekend' },
        { kind: 'ONE_HOT', input: 'visits', categories: ['1', '2'], output: 'is' },
      ],
      shape,
    );
    expect(pipeline.learns).toBe(false);
    expect(pipeline.outputs).toEqual([
      { name: 'before', type: 'STRING' },
      { name: 'weekend', type: 'BOOLEAN' },
      { name: 'is_1', type: 'INT64' },
      { name: 'is_2', type: 'INT64' },
    ]);
    expect(pipelineOf([{ kind: 'ONE_HOT', input: 'user', output: 'is' }], shape).learns).toBe(true);
  });
});

describe('learning', () => {
  const scaler = { kind: 'STANDARD_SCALER', input: 'amount', output: 'scaled' };

  it.each<[string, unknown, Row[], RegExp]>([
    ['from no value', scaler, rowsOf(null, NaN), /steps\[0\]: "amount" holds no value to learn from/],
    ['from no row', scaler, [], /holds no value/],
    ['from infinities', scaler, rowsOf(1, Infinity), /steps\[0\]: "amount" holds infinities/],
    ['from numbers beyond all squares', scaler, rowsOf(1e300, -1e300), /fail on these rows|too large/],
    [
      'from a range beyond all numbers',
      { kind: 'BINS', input: 'amount', strategy: 'EQUAL_WIDTH', count: 2, output: 'bin' },
      rowsOf(1.7e308, -1.7e308),
      /fail on these rows|too large/,
    ],
    [
      'a most frequent value that is none',
      { kind: 'FILL_MISSING', input: 'amount', strategy: 'MOST_FREQUENT', output: 'y' },
      rowsOf(null),
      /holds no value/,
    ],
    ['categories of nothing', { kind: 'ONE_HOT', input: 'user', output: 'is' }, [], /holds no value/],
    [
      'categories that differ by case alone',
      { kind: 'ONE_HOT', input: 'user', output: 'is' },
      ['Web', 'web'].map((user) => ({ user })),
      /steps\[0\]: it adds "is_web", but there is a column "is_Web" already/,
    ],
    [
      'a category that no column can be named by',
      { kind: 'ONE_HOT', input: 'user', output: 'is' },
      [{ user: 'a\0b' }],
      /steps\[0\]: the category "a\\u0000b" holds a character/,
    ],
    [
      'more categories than columns make sense',
      { kind: 'ONE_HOT', input: 'visits', output: 'is' },
      Array.from({ length: 1_001 }, (_, visits) => ({ visits })),
      /more than 1000 categories; use HASHING/,
    ],
  ])('is refused: %s', async (_, step, rows, message) => {
    const error = await refusal(() => fittedTo(engine(), [step], shape, rows));
    expect(error.code).toBe('TRANSFORMATION_FAILED');
    expect(error.message).toMatch(message);
  });

  it('is refused for more groups than can be kept', async () => {
    const pipeline = pipelineOf([{ kind: 'FREQUENCY', inputs: ['visits'], output: 'often' }], shape);
    const many = `(SELECT 'a' AS "user", now() AS "at", 1 AS "amount", range AS "visits", NULL AS "note" FROM range(100001))`;
    expect((await refusal(() => pipeline.fit(engine(), many))).message).toMatch(/more than 100000 groups by visits/);
  });

  it('sees what the steps before made of the rows', async () => {
    const fitted = await fittedTo(
      engine(),
      [
        { kind: 'FILL_MISSING', input: 'amount', strategy: 'CONSTANT', value: 0, output: 'filled' },
        { kind: 'STANDARD_SCALER', input: 'filled', output: 'scaled' },
      ],
      shape,
      rowsOf(2, null),
    );
    expect(fitted.valuesOf({ amount: 2 })).toEqual({ filled: 2, scaled: 1 });
    expect(fitted.valuesOf({ amount: NaN })).toEqual({ filled: 0, scaled: -1 });
  });

  it('stops when it is told to', async () => {
    await fillTable(engine(), 'given', shape.columns, []);
    const pipeline = pipelineOf([scaler], shape);
    const error = await refusal(() => pipeline.fit(engine(), 'given', { signal: AbortSignal.abort() }));
    expect(error.code).toBe('CANCELLED');
  });

  it('is kept as JSON, and a state that is not of the steps is refused', async () => {
    const pipeline = pipelineOf([{ kind: 'LOG1P', input: 'amount', output: 'log' }, scaler], shape);
    await fillTable(engine(), 'given', shape.columns, [
      ['ann', 0, 4, 1, null],
      ['ann', 1, 8, 1, null],
    ]);
    const state = await pipeline.fit(engine(), 'given');
    expect(state).toEqual({ version: 1, steps: [null, { center: 6, scale: 2 }] });
    for (const wrong of [null, {}, { version: 1, steps: [] }, { version: 1, steps: [null, { center: 'a' }] }]) {
      expect((await refusal(() => pipeline.fitted(wrong))).code).toBe('INVALID_TRANSFORMATION');
    }
  });
});

describe('use', () => {
  it('answers with the columns that are asked for, under names of any kind', async () => {
    const odd: RowShape = {
      columns: [
        { name: 'us"er', type: 'STRING' },
        { name: 'event: time', type: 'TIMESTAMP' },
        { name: 'source', type: 'INT64' },
      ],
      entityKeys: ['us"er'],
      eventTime: 'event: time',
    };
    const fitted = await fittedTo(
      engine(),
      [
        { kind: 'FREQUENCY', inputs: ['us"er'], output: 'often' },
        { kind: 'ONE_HOT', input: 'us"er', output: 'is' },
        { kind: 'LAG', input: 'source', output: 'before' },
      ],
      odd,
      [
        { 'us"er': "o'neil", 'event: time': 2, source: 1 },
        { 'us"er': 'a:b 店', 'event: time': 1, source: 2 },
        { 'us"er': "o'neil", 'event: time': 1, source: 3 },
      ],
    );
    const sql = fitted.sql('given', { columns: ['often', 'source', 'before', "is_o'neil"], inOrder: true });
    expect(await answered(sql)).toEqual([
      { often: 2, source: 1, before: 3, "is_o'neil": 1 },
      { often: 1, source: 2, before: null, "is_o'neil": 0 },
      { often: 2, source: 3, before: null, "is_o'neil": 1 },
    ]);
    expect(fitted.valuesOf({ 'us"er': 'a:b 店' })).toMatchObject({ often: 1, "is_o'neil": 0 });
  });

  it('takes rows of no kind that it learned, whole numbers beyond 2^53, and no row at all', async () => {
    const fitted = await fittedTo(
      engine(),
      [
        { kind: 'FREQUENCY', inputs: ['visits'], output: 'often' },
        { kind: 'GROUP_STATISTIC', by: ['user'], input: 'amount', statistic: 'MEAN', output: 'usual' },
      ],
      shape,
      [{ user: 'ann', at: 0, amount: 4, visits: 2n ** 62n }],
    );
    expect(await answered(fitted.sql('given', { columns: ['often', 'usual'] }))).toEqual([{ often: 1, usual: 4 }]);
    expect(fitted.valuesOf({ user: 'ann', visits: 2n ** 62n })).toEqual({ often: 1, usual: 4 });
    expect(fitted.valuesOf({ user: 'bob', visits: 5 })).toEqual({ often: 0, usual: null });
    await fillTable(engine(), 'given', shape.columns, []);
    expect(await answered(fitted.sql('given'))).toEqual([]);
  });

  it('takes columns as they come: narrower numbers, more columns than are known', async () => {
    const fitted = await fittedTo(engine(), [{ kind: 'DIFFERENCE', input: 'visits', output: 'more' }], shape, []);
    const from =
      `(SELECT 'a' AS "user", TIMESTAMP '2024-01-01' + to_days(i::INTEGER) AS "at", 1::FLOAT AS "amount", ` +
      `i::TINYINT AS "visits", NULL AS "note", 1 AS "extra" FROM range(1, 3) t(i))`;
    expect(await answered(fitted.sql(from, { inOrder: true }))).toEqual([
      { user: 'a', at: Date.UTC(2024, 0, 2), amount: 1, visits: 1, note: null, more: null },
      { user: 'a', at: Date.UTC(2024, 0, 3), amount: 1, visits: 2, note: null, more: 1 },
    ]);
  });

  it('loses no row that lacks its event time', async () => {
    const rows = [...rowsOf(1, 2), { user: 'ann', at: null, amount: 5 }, { user: 'ann', at: null, amount: 6 }];
    const windows = [{ durationMs: 5_000 }, { rows: 2 }].map((window, index) => ({
      kind: 'ROLLING',
      input: 'amount',
      statistic: 'SUM',
      window,
      output: `sum${index}`,
    }));
    const fitted = await fittedTo(engine(), windows, shape, rows);
    const sums = await answered(fitted.sql('given', { columns: ['amount', 'sum0', 'sum1'], inOrder: true }));
    expect(sums.map(({ amount }) => amount)).toEqual([1, 2, 5, 6]);
    expect(sums.slice(0, 2)).toEqual([
      { amount: 1, sum0: 1, sum1: null },
      { amount: 2, sum0: 3, sum1: 3 },
    ]);
  });

  it('tells which steps only the engine can carry out', async () => {
    const fitted = await fittedTo(
      engine(),
      [
        { kind: 'LAG', input: 'amount', output: 'before' },
        { kind: 'LAG', input: 'amount', partitionBy: [], output: 'anybody_before' },
        { kind: 'FILL_MISSING', input: 'amount', strategy: 'FORWARD', output: 'known' },
      ],
      shape,
      rowsOf(1, null, 3),
    );
    expect(fitted.engineOnly).toEqual(['steps[1]', 'steps[2]']);
    expect(fitted.needsHistory).toBe(true);
    const error = await refusal(() => fitted.valuesOf({ amount: 1 }));
    expect(error).toMatchObject({ code: 'INVALID_TRANSFORMATION', message: expect.stringContaining('steps[1]') });
    expect(await answered(fitted.sql('given', { columns: ['before', 'known'], inOrder: true }))).toEqual([
      { before: null, known: 1 },
      { before: 1, known: 1 },
      { before: null, known: 3 },
    ]);
  });

  it('refuses single values that are not of the type of their column', async () => {
    const fitted = await fittedTo(engine(), [{ kind: 'LOG1P', input: 'amount', output: 'log' }], shape, []);
    for (const wrong of [{ amount: '1' }, { visits: 1.5 }, { user: 1 }, { at: Infinity }, { note: true }] as Row[]) {
      const error = await refusal(() => fitted.valuesOf(wrong));
      expect(error.code).toBe('INVALID_INPUT');
      expect(error.message).toMatch(/^Column \w+ holds \w+, which ".*" is not\.$/);
    }
    expect(fitted.valuesOf({ amount: undefined as unknown as null })).toEqual({ log: null });
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { useDataEngine } from '../../../../test/support/data-engine.js';
import { fittedTo } from '../../../../test/support/transformations.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';
import { statistics } from './fields.js';
import { binOf, equalWidthEdges } from './kinds/bins.js';
import type { Row, RowShape } from './transformation.js';

const engine = useDataEngine();

const maybe = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value | null> => fc.option(value, { freq: 6 });

const number = fc.oneof(
  fc.double({ min: -1e6, max: 1e6, noNaN: true }),
  fc.integer({ min: -3, max: 3 }),
  fc.constant(-1),
);

function expectNear(actual: FeatureValue | undefined, wanted: FeatureValue, about: unknown): void {
  const isNear =
    typeof actual === 'number' && typeof wanted === 'number'
      ? Object.is(actual, wanted) || Math.abs(actual - wanted) <= 1e-9 * Math.max(1, Math.abs(wanted))
      : actual === wanted;
  if (!isNear) expect({ about, value: actual }).toEqual({ about, value: wanted });
}

describe('steps of single rows', () => {
  const columns: readonly TypedColumn[] = [
    { name: 'id', type: 'INT64' },
    { name: 'amount', type: 'FLOAT64' },
    { name: 'whole', type: 'INT64' },
    { name: 'text', type: 'STRING' },
    { name: 'flag', type: 'BOOLEAN' },
    { name: 'at', type: 'TIMESTAMP' },
  ];
  const steps = [
    ...[
      'MINUTE',
      'HOUR',
      'DAY_OF_WEEK',
      'DAY_OF_MONTH',
      'DAY_OF_YEAR',
      'WEEK_OF_YEAR',
      'QUARTER',
      'YEAR',
      'IS_WEEKEND',
    ].map((part) => ({ kind: 'CALENDAR_PART', input: 'at', part, output: part.toLowerCase() })),
    { kind: 'LOG1P', input: 'amount', output: 'log' },
    { kind: 'BINS', input: 'amount', strategy: 'EQUAL_WIDTH', count: 4, output: 'even_bin' },
    { kind: 'BINS', input: 'whole', strategy: 'QUANTILE', count: 3, output: 'quantile_bin' },
    { kind: 'FREQUENCY', inputs: ['text', 'flag'], output: 'often' },
    { kind: 'FREQUENCY', inputs: ['whole'], normalize: true, output: 'share' },
    { kind: 'GROUP_STATISTIC', by: ['text'], input: 'amount', statistic: 'MEAN', output: 'mean_of_text' },
    { kind: 'STANDARD_SCALER', input: 'amount', output: 'standard' },
    { kind: 'MIN_MAX_SCALER', input: 'whole', output: 'ranged' },
    { kind: 'ROBUST_SCALER', input: 'amount', output: 'robust' },
    { kind: 'ONE_HOT', input: 'text', categories: ['a', '', "it's"], output: 'is' },
    { kind: 'HASHING', input: 'text', buckets: 1_009, output: 'hash' },
    { kind: 'HASHING', input: 'whole', buckets: 7, output: 'hash_whole' },
    { kind: 'FILL_MISSING', input: 'amount', strategy: 'MEDIAN', output: 'filled' },
    { kind: 'FILL_MISSING', input: 'text', strategy: 'MOST_FREQUENT', output: 'filled_text' },
    { kind: 'LOG1P', input: 'ranged', output: 'log_of_ranged' },
  ];
  const row = fc.record({
    amount: maybe(fc.oneof(number, fc.constant(NaN))),
    whole: maybe(fc.oneof(fc.integer({ min: -5, max: 5 }), fc.maxSafeInteger())),
    text: maybe(fc.oneof(fc.constantFrom('a', '', "it's", 'a:b', '店'), fc.string({ unit: 'binary', maxLength: 12 }))),
    flag: maybe(fc.boolean()),
    at: maybe(fc.date({ min: new Date('1890-01-01'), max: new Date('2210-01-01'), noInvalidDate: true }).map(Number)),
  });

  it('give the same numbers in TypeScript as in the engine, to the same rows, none lost and none twice', async () => {
    const shape: RowShape = { columns, entityKeys: [], eventTime: null };
    const known = { amount: 1.5, whole: 1, text: 'a', flag: true, at: 0 };
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (drawn) => {
        const rows: Row[] = [known, ...drawn].map((each, id) => ({ id, ...each }));
        const fitted = await fittedTo(engine(), steps, shape, rows);
        const answered = await engine().rows(fitted.sql('given', { inOrder: true }));
        expect(answered.map(({ id }) => id)).toEqual(rows.map(({ id }) => id));
        for (const [index, each] of rows.entries()) {
          for (const [name, value] of Object.entries(fitted.valuesOf(each))) {
            expectNear(answered[index]?.[name], value, { name, each });
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('scale so that the way back leads to the value, and keep the order of values', async () => {
    const shape: RowShape = { columns: [{ name: 'x', type: 'FLOAT64' }], entityKeys: [], eventTime: null };
    const scalers = ['STANDARD_SCALER', 'MIN_MAX_SCALER', 'ROBUST_SCALER'].map((kind) => ({
      kind,
      input: 'x',
      output: kind.toLowerCase(),
    }));
    await fc.assert(
      fc.asyncProperty(fc.array(number, { minLength: 2, maxLength: 20 }), async (values) => {
        const fitted = await fittedTo(
          engine(),
          scalers,
          shape,
          values.map((x) => ({ x })),
        );
        const [least, greatest] = [Math.min(...values), Math.max(...values)];
        for (const { kind, output } of scalers) {
          const scaled = (x: number): number => Number(fitted.valuesOf({ x })[output]);
          const slope = scaled(1) - scaled(0);
          expect(slope, kind).toBeGreaterThanOrEqual(0);
          for (const x of values) {
            const back = slope === 0 ? x : (scaled(x) - scaled(0)) / slope;
            expect(Math.abs(back - x)).toBeLessThanOrEqual(1e-6 * Math.max(1, Math.abs(least), Math.abs(greatest)));
          }
        }
        if (greatest - least > Math.max(1e-9, Math.abs(least) / 10, Math.abs(greatest) / 10)) {
          expectNear(fitted.valuesOf({ x: least })['min_max_scaler'], 0, 'least');
          expectNear(fitted.valuesOf({ x: greatest })['min_max_scaler'], 1, 'greatest');
        }
      }),
      { numRuns: 25 },
    );
  });
});

describe('bins', () => {
  it('take in every value that they were made from, and keep the order of values', () => {
    const rounded = number.map((value) => Math.round(value * 1_000) / 1_000);
    const range = fc
      .tuple(rounded, rounded)
      .map(([one, other]) => [Math.min(one, other), Math.max(one, other)] as const);
    fc.assert(
      fc.property(
        range,
        fc.integer({ min: 1, max: 20 }),
        fc.array(fc.double({ min: 0, max: 1, noNaN: true })),
        (ends, count, shares) => {
          const [minimum, maximum] = ends;
          const edges = equalWidthEdges({ minimum, maximum }, count);
          expect(edges).toHaveLength(count + 1);
          const values = [
            minimum,
            maximum,
            ...shares.map((share) => Math.min(maximum, minimum + (maximum - minimum) * share)),
          ];
          const found = values.toSorted((one, other) => one - other).map((value) => binOf(value, edges, false));
          expect(found).not.toContain(null);
          expect(found).toEqual(found.toSorted((one, other) => Number(one) - Number(other)));
          expect(Math.max(...found.map(Number))).toBeLessThan(count);
        },
      ),
    );
  });

  it('have none for what is missing or outside', () => {
    for (const value of [null, NaN, 0, 3.1]) expect(binOf(value, [0, 1, 3], false)).toBeNull();
    expect([0, 0.5, 1, 1.5, 3].map((value) => binOf(value, [0, 1, 3], true))).toEqual([0, 0, 0, 1, 1]);
  });
});

type Window = { readonly rows: number } | { readonly durationMs: number };

/** The row and those before it, by time and then as they came. */
function upTo(rows: readonly Row[], current: Row): Row[] {
  const isBefore = (each: Row): boolean =>
    Number(each['at']) < Number(current['at']) ||
    (each['at'] === current['at'] && Number(each['id']) <= Number(current['id']));
  return rows
    .filter((each) => each['who'] === current['who'] && isBefore(each))
    .toSorted((one, other) => Number(one['at']) - Number(other['at']) || Number(one['id']) - Number(other['id']));
}

function within(rows: readonly Row[], current: Row, over: Window): Row[] {
  const before = upTo(rows, current);
  if ('rows' in over) return before.slice(-over.rows);
  return before.filter((each) => Number(each['at']) > Number(current['at']) - over.durationMs);
}

/** Straight from the definition of each statistic. */
function bruteForce(rows: readonly Row[], minimum: number): Record<string, FeatureValue> {
  const values = rows.map((each) => each['x']).filter((x): x is number => typeof x === 'number' && Number.isFinite(x));
  const total = values.reduce((sum, value) => sum + value, 0);
  const spread = values.reduce((sum, value) => sum + (value - total / values.length) ** 2, 0);
  const isEnough = values.length >= minimum;
  return {
    MEAN: isEnough ? total / values.length : null,
    STANDARD_DEVIATION: isEnough && values.length > 1 ? Math.sqrt(spread / (values.length - 1)) : null,
    MINIMUM: isEnough ? Math.min(...values) : null,
    MAXIMUM: isEnough ? Math.max(...values) : null,
    SUM: isEnough ? total : null,
    COUNT: rows.length >= minimum ? values.length : null,
  };
}

describe('windows', () => {
  const shape: RowShape = {
    columns: [
      { name: 'id', type: 'INT64' },
      { name: 'who', type: 'STRING' },
      { name: 'at', type: 'TIMESTAMP' },
      { name: 'x', type: 'FLOAT64' },
    ],
    entityKeys: ['who'],
    eventTime: 'at',
  };
  const row = fc.record({
    who: fc.constantFrom('a', 'b:c', '店', null),
    at: fc.integer({ min: 0, max: 12 }).map((second) => second * 1_000),
    x: maybe(
      fc.oneof(fc.integer({ min: -4, max: 4 }), fc.double({ min: -1e3, max: 1e3, noNaN: true }), fc.constant(Infinity)),
    ),
  });
  const window = fc.oneof(
    fc.record({ rows: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ durationMs: fc.integer({ min: 1, max: 6_000 }) }),
  );
  it('agree with brute force, in the engine and row by row with no more history than is asked for', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 25 }), window, async (drawn, over) => {
        const rows: Row[] = drawn.map((each, id) => ({ id, ...each }));
        const steps = statistics.map((statistic) => ({
          kind: 'ROLLING',
          input: 'x',
          statistic,
          window: over,
          output: statistic,
        }));
        const fitted = await fittedTo(engine(), steps, shape, rows);
        const answered = await engine().rows(fitted.sql('given', { inOrder: true }));
        const minimum = 'rows' in over ? over.rows : 1;
        for (const [index, each] of rows.entries()) {
          const history = upTo(rows, each);
          const single = fitted.valuesOf(each, history.slice(fitted.historyStart(history), -1));
          for (const [name, value] of Object.entries(bruteForce(within(rows, each, over), minimum))) {
            expectNear(answered[index]?.[name], value, { name, each });
            expectNear(single[name], value, { name, each, single });
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('lie over one another, and then reach further back', async () => {
    const steps = [
      { kind: 'ROLLING', input: 'x', statistic: 'SUM', window: { durationMs: 3_000 }, output: 'recent' },
      { kind: 'LAG', input: 'recent', rows: 2, output: 'before' },
      {
        kind: 'ROLLING',
        input: 'before',
        statistic: 'MAXIMUM',
        window: { rows: 3 },
        minimumPeriods: 1,
        output: 'most',
      },
      { kind: 'DIFFERENCE', input: 'most', output: 'change' },
      { kind: 'BINS', input: 'change', strategy: 'QUANTILE', count: 3, output: 'bin' },
    ];
    const known = Array.from({ length: 8 }, (_, index) => ({ who: 'a', at: index * 900, x: index ** 2 }));
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 25 }), async (drawn) => {
        const rows: Row[] = [...known, ...drawn].map((each, id) => ({ id, ...each }));
        const fitted = await fittedTo(engine(), steps, shape, rows);
        const answered = await engine().rows(fitted.sql('given', { inOrder: true }));
        for (const [index, each] of rows.entries()) {
          const history = upTo(rows, each);
          const single = fitted.valuesOf(each, history.slice(fitted.historyStart(history), -1));
          for (const name of ['recent', 'before', 'most', 'change']) {
            expectNear(single[name], answered[index]?.[name] ?? null, { name, each });
          }
        }
      }),
      { numRuns: 20 },
    );
  });
});

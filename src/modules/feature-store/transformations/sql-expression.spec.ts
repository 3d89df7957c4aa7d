import { describe, expect, it } from 'vitest';
import { useDataEngine } from '../../../../test/support/data-engine.js';
import { fittedTo } from '../../../../test/support/transformations.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureValue, ValueType } from '../value-types.js';
import { failedOnRows, type Row, type RowShape } from './transformation.js';
import { hasExpressions, transformationDeclaration } from './transformation-declaration.js';
import { TransformationPipeline } from './transformation-pipeline.js';

const engine = useDataEngine();

const shape: RowShape = {
  columns: [
    { name: 'amount', type: 'FLOAT64' },
    { name: 'visits', type: 'INT64' },
    { name: 'user', type: 'STRING' },
    { name: 'at', type: 'TIMESTAMP' },
  ],
  entityKeys: ['user'],
  eventTime: 'at',
};

const rows: Row[] = [
  { amount: 2, visits: 4, user: 'ann:1', at: 1_700_000_000_000 },
  { amount: null, visits: 0, user: null, at: 0 },
];

async function results(expression: string, type: ValueType = 'FLOAT64'): Promise<(FeatureValue | undefined)[]> {
  const fitted = await fittedTo(engine(), [{ kind: 'SQL', expression, type, output: 'y' }], shape, rows);
  expect(fitted.engineOnly).toEqual(['steps[0]']);
  return (await engine().rows(fitted.sql('given', { columns: ['y'], inOrder: true }))).map(({ y }) => y);
}

async function refusal(expression: string, type?: ValueType): Promise<CodedError> {
  try {
    await results(expression, type);
  } catch (error) {
    if (error instanceof CodedError) return error;
    throw error;
  }
  throw new Error(`not refused: ${expression}`);
}

describe('SQL expressions', () => {
  it.each<[string, ValueType, FeatureValue[]]>([
    ['amount / visits', 'FLOAT64', [0.5, null]],
    ['AMOUNT + 1 -- and one', 'FLOAT64', [3, null]],
    ["CASE WHEN visits > 2 THEN 'often' ELSE 'seldom' END", 'STRING', ['often', 'seldom']],
    ['coalesce(amount, 0) BETWEEN 1 AND 3 AND visits IN (4, 5)', 'BOOLEAN', [true, false]],
    [`split_part("user", ':', 1)`, 'STRING', ['ann', null]],
    [`date_trunc('day', "at")`, 'TIMESTAMP', [1_699_920_000_000, 0]],
    [`date_diff('hour', TIMESTAMP '1970-01-01', "at")`, 'INT64', [472_222, 0]],
    ['nullif(visits, 0) ** 2', 'FLOAT64', [16, null]],
    ["CAST('NaN' AS DOUBLE)", 'FLOAT64', [null, null]],
    ['try_cast("user" AS INTEGER) IS NULL OR "user" LIKE \'a%\'', 'BOOLEAN', [true, true]],
  ])('%s', async (expression, type, values) => {
    expect(await results(expression, type)).toEqual(values);
  });

  it.each<[string, RegExp]>([
    ['amount +', /syntax error/],
    ['1; DROP TABLE given', /./],
    ['1) FROM given; DROP TABLE given; --', /./],
    ['amount, visits', /more than one value/],
    ['shop', /there is no column "shop"/],
    ['given.amount', /there is no column "given.amount"/],
    ['__row', /there is no column "__row"/],
    ['(SELECT max(amount) FROM given)', /./],
    ["(SELECT content FROM read_text('/etc/passwd'))", /./],
    ['amount FROM given', /./],
    ['sum(amount)', /sum cannot be used/],
    ['count(*)', /cannot be used/],
    ['sum(amount) OVER ()', /window cannot be used/],
    ['random()', /random cannot be used/],
    ['now() > "at"', /now cannot be used/],
    ['current_timestamp > "at"', /there is no column "current_timestamp"/],
    ['age("at")', /age cannot be used/],
    ['unnest([1, 2])', /cannot be used/],
    ["getvariable('x')", /cannot be used/],
    ["current_setting('memory_limit')", /cannot be used/],
    ['list_transform([1], x -> x)', /./],
    ['$1', /./],
    ['*', /./],
    ['#1', /./],
    ['no_such_function(amount)', /no_such_function cannot be used/],
    ['substring(amount, visits)', /./],
    ['COLUMNS(*)', /./],
    ['{x: amount}', /more than one value/],
    ['[visits]', /more than one value/],
    ["rpad('x', 2000000000, 'y')", /rpad cannot be used/],
    ["repeat('x', 2000000000)", /repeat cannot be used/],
    ['list_resize([1], 2000000000)[1]', /list_resize cannot be used/],
    ["format('{:2000000000}', visits)", /format cannot be used/],
    ["replace(replace(\"user\", '', 'aaaa'), 'a', 'aaaa')", /replaced once/],
  ])('refuses %s', async (expression, message) => {
    const error = await refusal(expression);
    expect(error.code).toBe('INVALID_EXPRESSION');
    expect(error.message).toMatch(/^steps\[0\]\.expression: /);
    expect(error.message).toMatch(message);
    expect(await engine().rows('SELECT count(*) AS n FROM given')).toEqual([{ n: 2 }]);
  });

  it('keeps to the time that it is given', async () => {
    const slow = { kind: 'SQL', expression: 'sha256(visits::VARCHAR)', type: 'STRING', output: 'y' };
    const fitted = await fittedTo(engine(), [slow], shape, rows);
    const from = '(SELECT NULL AS "amount", range AS "visits", NULL AS "user", NULL AS "at" FROM range(1000000000))';
    const many = `SELECT max(y) AS y FROM (${fitted.sql(from, { columns: ['y'] })})`;
    await expect(engine().rows(many, [], { timeoutMs: 50 })).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
  });

  it('says so where it fails on the rows', async () => {
    const steps = [
      { kind: 'SQL', expression: 'CAST("user" AS INTEGER)', type: 'INT64', output: 'number' },
      { kind: 'STANDARD_SCALER', input: 'number', output: 'scaled' },
    ];
    await expect(fittedTo(engine(), steps, shape, rows)).rejects.toMatchObject({
      code: 'TRANSFORMATION_FAILED',
      message: expect.stringContaining('ann:1'),
    });
    const other = new Error('other');
    expect(failedOnRows(other)).toBe(other);
  });

  it('tell which columns they read, before they see a row', async () => {
    const steps = [
      { kind: 'SQL', expression: 'AMOUNT * 2 -- visits', type: 'FLOAT64', output: 'twice' },
      { kind: 'SQL', expression: `CASE WHEN twice > 1 THEN "user" END`, type: 'STRING', output: 'who' },
    ];
    const declaration = transformationDeclaration({ version: 1, steps });
    expect(hasExpressions(declaration)).toBe(true);
    const pipeline = TransformationPipeline.of(declaration, shape);
    expect([...(await pipeline.columnsRead(engine()))]).toEqual(['amount', 'user']);
    expect([...(await pipeline.columnsRead(null))]).toEqual(['amount', 'visits', 'user', 'at']);
    const wrong = { ...declaration, steps: [{ ...steps[0], expression: 'amount + now()' }] };
    const refused = TransformationPipeline.of(transformationDeclaration(wrong), shape).columnsRead(engine());
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_EXPRESSION' });
  });

  it('compiles nothing that was not checked', async () => {
    const fitted = await fittedTo(
      engine(),
      [{ kind: 'SQL', expression: 'amount /* + visits */', type: 'FLOAT64', output: 'y' }],
      shape,
      rows,
    );
    expect(fitted.sql('given')).not.toContain('visits */');
  });
});

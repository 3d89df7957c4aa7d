import { z } from 'zod';
import { quoted } from '../../engine/sql-text.js';
import type { FeatureValue, TypedColumn, ValueType } from '../../value-types.js';
import { inputColumn, numericTypes, outputColumn, partitionBy } from '../fields.js';
import { percentilesOf, summaryOf } from '../order-statistics.js';
import { isOfType } from '../row-values.js';
import { asDouble, asNumber, valueLiteral } from '../sql-values.js';
import {
  type BoundStep,
  cannotLearn,
  columnOf,
  fixedStep,
  type FitSource,
  invalidTransformation,
  learnedStep,
  type Row,
  type StepContext,
  type StepPlan,
} from '../transformation.js';
import { partitionOf } from '../windows.js';

const constant = z.union([z.string().max(10_000), z.number(), z.boolean()]);

type Constant = z.output<typeof constant>;

/**
 * Puts a value where there is none: a constant, what was learned of the column (its mean, median, or most frequent
 * value, the least where several are), or the last value before (`FORWARD`).
 */
export const fillMissing = z.strictObject({
  kind: z.literal('FILL_MISSING'),
  input: inputColumn,
  strategy: z.enum(['CONSTANT', 'MEAN', 'MEDIAN', 'MOST_FREQUENT', 'FORWARD']),
  /** For `CONSTANT` alone. */
  value: constant.optional(),
  /** For `FORWARD` alone. */
  partitionBy,
  output: outputColumn,
});

type FillMissing = z.output<typeof fillMissing>;

const fillable: readonly ValueType[] = ['STRING', 'INT64', 'FLOAT64', 'BOOLEAN'];

export function bindFillMissing(step: FillMissing, context: StepContext): BoundStep {
  if ((step.strategy === 'CONSTANT') !== (step.value !== undefined)) {
    throw invalidTransformation(`${context.path}.value`, 'strategy CONSTANT needs a value, and no other takes one');
  }
  if (step.strategy !== 'FORWARD' && step.partitionBy !== undefined) {
    throw invalidTransformation(`${context.path}.partitionBy`, 'only strategy FORWARD takes it');
  }
  if (step.strategy === 'FORWARD') return fillForward(step, context);
  const isAveraged = step.strategy === 'MEAN' || step.strategy === 'MEDIAN';
  const column = columnOf(context, 'input', step.input, isAveraged ? numericTypes : fillable);
  if (step.value !== undefined) {
    assertOfType(context, step.value, column);
    return fixedStep([step.input], planOf(step, column.type, step.value));
  }
  const type = isAveraged ? 'FLOAT64' : column.type;
  return learnedStep({
    context,
    inputs: [step.input],
    outputs: [{ name: step.output, type }],
    state: z.strictObject({ value: constant }),
    fit: async (source) => ({ value: await learned(step, context, source) }),
    plan: ({ value }) => planOf(step, type, value),
  });
}

function assertOfType(context: StepContext, value: Constant, { name, type }: TypedColumn): void {
  if (isOfType[type](value)) return;
  throw invalidTransformation(`${context.path}.value`, `${JSON.stringify(name)} is ${type}, which this value is not`);
}

async function learned(step: FillMissing, context: StepContext, source: FitSource): Promise<Constant> {
  if (step.strategy === 'MEAN') return (await summaryOf(source, context, step.input)).mean;
  if (step.strategy === 'MEDIAN') return (await percentilesOf(source, context, step.input, [50]))[0] ?? NaN;
  const input = quoted(step.input);
  const [row] = await source.rows(
    `SELECT ${input} AS "value" FROM ${source.from} WHERE ${input} IS NOT NULL ` +
      `GROUP BY ${input} ORDER BY count(*) DESC, ${input} LIMIT 1`,
  );
  const value = row?.['value'];
  const name = JSON.stringify(step.input);
  if (value === undefined || value === null) throw cannotLearn(context, `${name} holds no value to learn from`);
  if (typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))) {
    throw cannotLearn(context, `the most frequent value of ${name}, ${value}, is too large to keep`);
  }
  return value;
}

function planOf({ input, output }: FillMissing, type: ValueType, value: Constant): StepPlan {
  const isReal = type === 'FLOAT64';
  const given = (row: Row): FeatureValue => (isReal ? asNumber(row[input]) : (row[input] ?? null));
  const filling = type === 'INT64' ? `CAST(${String(value)} AS BIGINT)` : valueLiteral(value);
  const sql = `coalesce(${isReal ? asDouble(input) : quoted(input)}, ${filling})`;
  return { outputs: [{ name: output, type, sql, valueOf: (row) => given(row) ?? value }] };
}

function fillForward(step: FillMissing, context: StepContext): BoundStep {
  const { type } = columnOf(context, 'input', step.input, [...fillable, 'TIMESTAMP', 'JSON']);
  const { inputs, ordered } = partitionOf(context, step.partitionBy);
  const frame = 'ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW';
  const sql = `last_value(${quoted(step.input)} IGNORE NULLS) OVER (${ordered} ${frame})`;
  return fixedStep([step.input, ...inputs], { outputs: [{ name: step.output, type, sql, valueOf: null }] });
}

import { z } from 'zod';
import { quoted } from '../../engine/sql-text.js';
import { type FeatureValue, valueTypes } from '../../value-types.js';
import { inputColumn, numericTypes, outputColumn, partitionBy, rowCount } from '../fields.js';
import { asDouble, asNumber, notANumber } from '../sql-values.js';
import { type BoundStep, columnOf, fixedStep, type Row, type StepContext } from '../transformation.js';
import { partitionOf } from '../windows.js';

const fields = { input: inputColumn, rows: rowCount.default(1), partitionBy, output: outputColumn };

/** The value so many rows before, as `shift` of pandas. */
export const lag = z.strictObject({ kind: z.literal('LAG'), ...fields });

/** The value less that of so many rows before, as `diff` of pandas. */
export const difference = z.strictObject({ kind: z.literal('DIFFERENCE'), ...fields });

export function bindLag(step: z.output<typeof lag>, context: StepContext): BoundStep {
  const { type } = columnOf(context, 'input', step.input, valueTypes);
  const { inputs, ordered, isEntity } = partitionOf(context, step.partitionBy);
  const sql = `lag(${quoted(step.input)}, ${step.rows}) OVER (${ordered})`;
  const before = (earlier: readonly Row[]): FeatureValue => earlier.at(-step.rows)?.[step.input] ?? null;
  const valueOf = isEntity ? (_: Row, earlier: readonly Row[]) => before(earlier) : null;
  return fixedStep([step.input, ...inputs], {
    outputs: [{ name: step.output, type, sql, valueOf, reach: { rows: step.rows } }],
  });
}

export function bindDifference(step: z.output<typeof difference>, context: StepContext): BoundStep {
  columnOf(context, 'input', step.input, numericTypes);
  const { inputs, ordered, isEntity } = partitionOf(context, step.partitionBy);
  const value = asDouble(step.input);
  const sql = notANumber(`(${value} - lag(${value}, ${step.rows}) OVER (${ordered}))`);
  const between = (row: Row, earlier: readonly Row[]): FeatureValue => {
    const [now, before] = [asNumber(row[step.input]), asNumber(earlier.at(-step.rows)?.[step.input])];
    return now === null || before === null ? null : now - before;
  };
  return fixedStep([step.input, ...inputs], {
    outputs: [
      { name: step.output, type: 'FLOAT64', sql, valueOf: isEntity ? between : null, reach: { rows: step.rows } },
    ],
  });
}

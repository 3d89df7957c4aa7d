import { z } from 'zod';
import { inputColumn, numericTypes, outputColumn } from '../fields.js';
import { asDouble, asNumber } from '../sql-values.js';
import { type BoundStep, columnOf, fixedStep, type StepContext } from '../transformation.js';

/** The natural logarithm of 1 + x: minus infinity at -1, missing below. */
export const log1p = z.strictObject({ kind: z.literal('LOG1P'), input: inputColumn, output: outputColumn });

export function bindLog1p(step: z.output<typeof log1p>, context: StepContext): BoundStep {
  columnOf(context, 'input', step.input, numericTypes);
  return fixedStep([step.input], {
    outputs: [
      {
        name: step.output,
        type: 'FLOAT64',
        sql: sqlOf(asDouble(step.input)),
        valueOf: (row) => {
          const value = asNumber(row[step.input]);
          return value === null || value < -1 ? null : Math.log1p(value);
        },
      },
    ],
  });
}

/**
 * The engine has no `log1p`, and `ln(1 + x)` loses the digits of a small x. What rounding did to `1 + x` is made good
 * by its quotient: W. Kahan, see Goldberg, "What Every Computer Scientist Should Know About Floating-Point
 * Arithmetic", theorem 4.
 */
const sqlOf = (x: string): string =>
  `CASE WHEN ${x} < -1 THEN NULL WHEN ${x} = -1 THEN CAST('-Infinity' AS DOUBLE) ` +
  `WHEN 1e0 + ${x} = 1e0 OR isinf(${x}) THEN ${x} ELSE ln(1e0 + ${x}) * (${x} / ((1e0 + ${x}) - 1e0)) END`;

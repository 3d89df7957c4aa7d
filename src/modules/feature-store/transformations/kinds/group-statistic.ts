import { z } from 'zod';
import { inputColumn, keyTypes, numericTypes, outputColumn, statistics } from '../fields.js';
import { groupsOf, groupValues, lookupOf } from '../groups.js';
import { summaryOf } from '../order-statistics.js';
import { asDouble } from '../sql-values.js';
import { type BoundStep, columnOf, learnedStep, type StepContext } from '../transformation.js';
import { aggregates } from './rolling.js';

/**
 * A statistic of the group that a row belongs to, from the rows that were learned from, as `groupby` and `transform` of
 * pandas; missing for a group that was not seen. The standard deviation is that of a sample (ddof 1).
 */
export const groupStatistic = z.strictObject({
  kind: z.literal('GROUP_STATISTIC'),
  by: z.array(inputColumn).min(1).max(16),
  input: inputColumn,
  statistic: z.enum(statistics),
  output: outputColumn,
});

export function bindGroupStatistic(step: z.output<typeof groupStatistic>, context: StepContext): BoundStep {
  for (const [index, column] of step.by.entries()) columnOf(context, `by[${index}]`, column, keyTypes);
  columnOf(context, 'input', step.input, numericTypes);
  const type = step.statistic === 'COUNT' ? 'INT64' : 'FLOAT64';
  return learnedStep({
    context,
    inputs: [...step.by, step.input],
    outputs: [{ name: step.output, type }],
    state: groupValues,
    fit: async (source) => {
      await summaryOf(source, context, step.input);
      const computed = `${aggregates[step.statistic]}(${asDouble(step.input)})`;
      const value = step.statistic === 'SUM' ? `coalesce(${computed}, 0)` : computed;
      return groupsOf(source, context, step.by, value);
    },
    plan: (groups) => {
      const { join, value, valueOf } = lookupOf(context, step.by, groups);
      const sql = type === 'INT64' ? `CAST(${value} AS BIGINT)` : value;
      return { join, outputs: [{ name: step.output, type, sql, valueOf: (row) => valueOf(row) ?? null }] };
    },
  });
}

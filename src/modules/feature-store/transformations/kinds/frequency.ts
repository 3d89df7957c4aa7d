import { z } from 'zod';
import { inputColumn, keyTypes, outputColumn } from '../fields.js';
import { groupsOf, groupValues, lookupOf } from '../groups.js';
import { type BoundStep, columnOf, learnedStep, type StepContext } from '../transformation.js';

/** How often a value, or values together, came in the rows that were learned from; 0 for what was never seen. */
export const frequency = z.strictObject({
  kind: z.literal('FREQUENCY'),
  inputs: z.array(inputColumn).min(1).max(16),
  /** Whether to tell the share of all rows that have the values. */
  normalize: z.boolean().default(false),
  output: outputColumn,
});

export function bindFrequency(step: z.output<typeof frequency>, context: StepContext): BoundStep {
  for (const [index, input] of step.inputs.entries()) columnOf(context, `inputs[${index}]`, input, keyTypes);
  const type = step.normalize ? 'FLOAT64' : 'INT64';
  return learnedStep({
    context,
    inputs: step.inputs,
    outputs: [{ name: step.output, type }],
    state: groupValues,
    fit: async (source) => {
      const counts = await groupsOf(source, context, step.inputs, 'count(*)');
      const total = counts.reduce((sum, { value }) => sum + (value ?? 0), 0);
      return step.normalize ? counts.map(({ key, value }) => ({ key, value: (value ?? 0) / total })) : counts;
    },
    plan: (counts) => {
      const { join, value, isNamed, valueOf } = lookupOf(context, step.inputs, counts);
      const sql = `CASE WHEN ${isNamed} THEN coalesce(${value}, 0e0) END`;
      return {
        join,
        outputs: [
          {
            name: step.output,
            type,
            sql: step.normalize ? sql : `CAST(${sql} AS BIGINT)`,
            valueOf: (row) => {
              const found = valueOf(row);
              return found === undefined ? null : (found ?? 0);
            },
          },
        ],
      };
    },
  });
}

import { z } from 'zod';
import { quoted } from '../../engine/sql-text.js';
import type { TypedColumn } from '../../value-types.js';
import { inputColumn, keyTypes, outputColumn } from '../fields.js';
import { asKey, textLiteral } from '../sql-values.js';
import {
  type BoundStep,
  cannotLearn,
  columnOf,
  fixedStep,
  learnedStep,
  type StepContext,
  type StepPlan,
} from '../transformation.js';

/** More columns than this are a mistake more often than a wish; `HASHING` takes any number of values. */
const MAX_CATEGORIES = 1_000;

/**
 * A column of 0 and 1 for each category, named `<output>_<category>`: those that are named, or those that were seen. A
 * value of no category, and a missing one, has 0 in all of them.
 */
export const oneHot = z.strictObject({
  kind: z.literal('ONE_HOT'),
  input: inputColumn,
  categories: z
    .array(
      z
        .string()
        .max(256)
        .regex(/^[^\0]*$/, "holds a character that no column's name can"),
    )
    .min(1)
    .max(MAX_CATEGORIES)
    .refine((categories) => new Set(categories).size === categories.length, 'a category is named twice')
    .optional(),
  output: outputColumn,
});

export function bindOneHot(step: z.output<typeof oneHot>, context: StepContext): BoundStep {
  columnOf(context, 'input', step.input, keyTypes);
  if (step.categories !== undefined) return fixedStep([step.input], planOf(step, step.categories));
  const outputs: TypedColumn[] = [];
  return learnedStep({
    context,
    inputs: [step.input],
    outputs,
    state: z.array(z.string()),
    fit: async (source) => {
      const input = quoted(step.input);
      const rows = await source.rows(
        `SELECT CAST(${input} AS VARCHAR) AS "category" FROM ${source.from} WHERE ${input} IS NOT NULL ` +
          `GROUP BY ${input} ORDER BY ${input} LIMIT ${MAX_CATEGORIES + 1}`,
      );
      if (rows.length > MAX_CATEGORIES) {
        throw cannotLearn(
          context,
          `${JSON.stringify(step.input)} has more than ${MAX_CATEGORIES} categories; use HASHING`,
        );
      }
      if (rows.length === 0) throw cannotLearn(context, `${JSON.stringify(step.input)} holds no value to learn from`);
      const categories = rows.map((row) => String(row['category']));
      const wrong = categories.find((category) => category.includes('\0'));
      if (wrong !== undefined) {
        throw cannotLearn(context, `the category ${JSON.stringify(wrong)} holds a character that no column's name can`);
      }
      return categories;
    },
    plan: (categories) => planOf(step, categories),
  });
}

const planOf = ({ input, output }: z.output<typeof oneHot>, categories: readonly string[]): StepPlan => ({
  outputs: categories.map((category) => ({
    name: `${output}_${category}`,
    type: 'INT64',
    sql: `CAST(coalesce(CAST(${quoted(input)} AS VARCHAR) = ${textLiteral(category)}, false) AS BIGINT)`,
    valueOf: (row) => (asKey(row[input]) === category ? 1 : 0),
  })),
});

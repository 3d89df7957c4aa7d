import { z } from 'zod';
import { quoted } from '../../engine/sql-text.js';
import { inputColumn, keyTypes, outputColumn } from '../fields.js';
import { murmur3, murmur3Sql } from '../murmur3.js';
import { asKey } from '../sql-values.js';
import { type BoundStep, columnOf, fixedStep, type StepContext } from '../transformation.js';

/** The bucket of a value, from 0: the column in which `FeatureHasher` of scikit-learn puts it. */
export const hashing = z.strictObject({
  kind: z.literal('HASHING'),
  input: inputColumn,
  buckets: z
    .int()
    .min(2)
    .max(2 ** 31 - 1),
  output: outputColumn,
});

export function bindHashing(step: z.output<typeof hashing>, context: StepContext): BoundStep {
  columnOf(context, 'input', step.input, keyTypes);
  const hash = murmur3Sql(`CAST(${quoted(step.input)} AS VARCHAR)`);
  return fixedStep([step.input], {
    outputs: [
      {
        name: step.output,
        type: 'INT64',
        sql: `abs(${hash}) % ${step.buckets}`,
        valueOf: (row) => {
          const key = asKey(row[step.input]);
          return key === null ? null : Math.abs(murmur3(key)) % step.buckets;
        },
      },
    ],
  });
}

import { z } from 'zod';
import type { ValueType } from '../value-types.js';

/** Most steps of one declaration. */
export const MAX_STEPS = 200;

/** Most groups, values or categories that one step learns. */
export const MAX_GROUPS = 100_000;

/** A column that is read; whether it is there is told when the step meets the columns. */
export const inputColumn = z.string().min(1).max(256);

/** A column that is added. Two underscores are kept for columns of our own. */
export const outputColumn = z
  .string()
  .regex(
    /^(?!__)[A-Za-z_][A-Za-z0-9_]{0,127}$/,
    'give a name of letters, digits and underscores that begins neither with a digit nor with two underscores',
  );

/** How rows are told apart for windows: the entity keys, unless others are named; `[]` takes all rows together. */
export const partitionBy = z.array(inputColumn).max(16).optional();

/** A number of rows to look over or back. */
export const rowCount = z.int().min(1).max(1_000_000);

export const statistics = ['MEAN', 'STANDARD_DEVIATION', 'MINIMUM', 'MAXIMUM', 'SUM', 'COUNT'] as const;

export type Statistic = (typeof statistics)[number];

export const numericTypes: readonly ValueType[] = ['INT64', 'FLOAT64'];

/** Types whose values can name a group: equal values have equal text. */
export const keyTypes: readonly ValueType[] = ['STRING', 'INT64', 'BOOLEAN'];

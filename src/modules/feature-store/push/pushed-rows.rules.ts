import { CodedError } from '../../../common/errors/coded-error.js';
import { fromJson, type JsonRow } from '../json-values.rules.js';
import type { Row } from '../transformations/transformation.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';

/** What pushed rows must be. */
export interface PushShape {
  readonly columns: readonly TypedColumn[];
  /** Columns that must have a value. */
  readonly required: ReadonlySet<string>;
}

/** Most problems that one error tells of. */
const MAX_PROBLEMS = 10;

/**
 * Reads rows as they came in JSON. A column that a row leaves out is null.
 * @throws {CodedError} INVALID_INPUT that says of the first rows that are wrong what is wrong with them.
 */
export function pushedRows({ columns, required }: PushShape, rows: readonly JsonRow[]): Row[] {
  const problems: string[] = [];
  const byName = new Map(columns.map((column) => [column.name, column]));
  const read = rows.map((row, index) => {
    const values: Record<string, FeatureValue> = {};
    for (const name in row) {
      if (!byName.has(name))
        problems.push(`rows[${index}] has ${JSON.stringify(name.slice(0, 128))}, which is no column`);
    }
    for (const { name, type } of columns) {
      const value = fromJson(row[name] ?? null, type);
      if (value === undefined) problems.push(`rows[${index}].${name} must be ${type}, not ${shown(row[name])}`);
      else if (value === null && required.has(name)) problems.push(`rows[${index}] lacks ${name} (${type})`);
      values[name] = value ?? null;
    }
    return values;
  });
  if (problems.length === 0) return read;
  const more = problems.length > MAX_PROBLEMS ? `, and ${problems.length - MAX_PROBLEMS} more problems` : '';
  throw new CodedError(
    'INVALID_INPUT',
    `${problems.slice(0, MAX_PROBLEMS).join('; ')}${more}. There are ${columns.map(({ name }) => name).join(', ')}.`,
  );
}

const shown = (value: unknown): string => JSON.stringify(value).slice(0, 60);

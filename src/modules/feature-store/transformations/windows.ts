import { quoted } from '../engine/sql-text.js';
import { valueTypes } from '../value-types.js';
import { asNumber } from './sql-values.js';
import { columnOf, invalidTransformation, type Reach, type Row, type StepContext } from './transformation.js';

/** Column that keeps the order in which rows came, by which ties of the event time are told apart. */
export const ROW_NUMBER = '__row';

/** The rows that a window of a step goes over, and their order. */
export interface Partition {
  readonly columns: readonly string[];
  /** Column of the event time. */
  readonly eventTime: string;
  /** Whether it is the rows of one entity, which single rows can be told with. */
  readonly isEntity: boolean;
  /** What the window reads beside its input. */
  readonly inputs: readonly string[];
  /** `PARTITION BY`, or nothing. */
  readonly by: string;
  /** By event time, and then as the rows came. */
  readonly ordered: string;
}

/** @throws {CodedError} INVALID_TRANSFORMATION where rows have no event time, or a column is not there. */
export function partitionOf(context: StepContext, named: readonly string[] | undefined): Partition {
  if (context.eventTime === null) {
    throw invalidTransformation(context.path, 'this looks at rows before, and these rows have no event time');
  }
  const columns = named ?? context.entityKeys;
  for (const [index, name] of columns.entries()) columnOf(context, `partitionBy[${index}]`, name, valueTypes);
  const by = columns.length === 0 ? '' : `PARTITION BY ${columns.map(quoted).join(', ')}`;
  const ordered = `${by} ORDER BY ${quoted(context.eventTime)}, ${quoted(ROW_NUMBER)}`.trim();
  const isEntity =
    columns.length === context.entityKeys.length && columns.every((name) => context.entityKeys.includes(name));
  const inputs = [...columns, context.eventTime];
  return { columns, eventTime: context.eventTime, isEntity, inputs, by, ordered };
}

/** Where in the rows before a row, the oldest first, its window begins; their number where it holds none of them. */
export function windowStart(earlier: readonly Row[], row: Row, reach: Reach, eventTime: string | null): number {
  if ('rows' in reach) return Math.max(0, earlier.length - reach.rows);
  const timeOf = (each: Row | undefined): number => asNumber(each?.[eventTime ?? '']) ?? NaN;
  const begins = timeOf(row) - reach.durationMs;
  let start = earlier.length;
  while (start > 0 && timeOf(earlier[start - 1]) > begins) start -= 1;
  return start;
}

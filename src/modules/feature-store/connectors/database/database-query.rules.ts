import { CodedError } from '../../../../common/errors/coded-error.js';
import { quoted } from '../../engine/sql-text.js';
import type { DatabaseConnection } from '../../sources/connections/database-connection.js';
import type { DataColumn } from '../../sources/data-source.js';

/** A column of the result, with the id that PostgreSQL gives its type. */
export interface ResultColumn {
  readonly name: string;
  readonly typeId: number;
}

/** Types whose values are JSON as they are written, or may be. */
const jsonTypes = new Set([114, 3802, 25, 1042, 1043]);

/** Types that a watermark may have, and the type of its lower bound. */
const wholeNumberTypes = new Set([20, 21, 23]);
const momentTypes: ReadonlyMap<number, string> = new Map([
  [1082, 'date'],
  [1114, 'timestamp'],
  [1184, 'timestamptz'],
]);

/** What is read, as SQL that may stand after `FROM`. */
export function relationOf({ query, table, tableSchema }: DatabaseConnection): string {
  // The line break ends a comment; a semicolon at the end is a habit, and in the midst an error of syntax.
  if (query !== null) return `(${query.replace(/;\s*$/, '')}\n) AS batch`;
  return `${tableSchema === null ? '' : `${quoted(tableSchema)}.`}${quoted(table ?? '')} AS batch`;
}

/** @throws {CodedError} SOURCE_FAILED where two columns have the same name, or none is one of the schema. */
export function presentColumns(found: readonly ResultColumn[], columns: readonly DataColumn[]): DataColumn[] {
  const names = new Set<string>();
  for (const { name } of found) {
    if (names.has(name)) throw new CodedError('SOURCE_FAILED', `The query has two columns named ${name}.`);
    names.add(name);
  }
  const present = columns.filter(({ name }) => names.has(name));
  if (present.length > 0) return present;
  throw new CodedError('SOURCE_FAILED', 'The database has none of the columns of the schema.');
}

/** The columns as text. What is no JSON becomes JSON where the schema wants it, such as an array. */
export function selectionOf(found: readonly ResultColumn[], present: readonly DataColumn[]): string {
  const typeOf = new Map(found.map(({ name, typeId }) => [name, typeId]));
  return present
    .map(({ name, type }) => {
      const column = `batch.${quoted(name)}`;
      return type === 'JSON' && !jsonTypes.has(typeOf.get(name) ?? 0) ? `to_json(${column})` : column;
    })
    .join(', ');
}

/** A condition with its parameters. */
export interface Condition {
  readonly sql: string;
  readonly parameters: readonly string[];
}

/**
 * Which rows are read by a watermark. The bound is computed apart from the column, so that an index of it is used.
 * @param from the greatest value that was read, as the database wrote it; null at the beginning.
 * @throws {CodedError} SOURCE_FAILED where the column is not there or not of a type that has an order in time.
 */
export function watermarkCondition(
  found: readonly ResultColumn[],
  column: string,
  overlap: number,
  from: string | null,
): Condition {
  const typeId = found.find(({ name }) => name === column)?.typeId ?? 0;
  const moment = momentTypes.get(typeId);
  const name = `batch.${quoted(column)}`;
  if (moment === undefined && !wholeNumberTypes.has(typeId)) {
    throw new CodedError(
      'SOURCE_FAILED',
      `The database has no column ${column} that is an integer, a date or a timestamp, as a watermark must be.`,
    );
  }
  if (from === null) return { sql: `${name} IS NOT NULL`, parameters: [] };
  if (moment === undefined) {
    const bound = BigInt(from) - BigInt(overlap);
    return { sql: `${name} >= CAST(CAST($1 AS text) AS bigint)`, parameters: [String(bound)] };
  }
  const given = moment === 'date' ? 'timestamp' : moment;
  return {
    sql: `${name} >= CAST(CAST(CAST($1 AS text) AS ${given}) - make_interval(secs => CAST($2 AS text)::float8) AS ${moment})`,
    parameters: [from, String(overlap)],
  };
}

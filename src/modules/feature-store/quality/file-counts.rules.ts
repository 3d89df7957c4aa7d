import { literal, quoted, storedTypes } from '../engine/sql-text.js';
import type { DataColumn, DataSchema } from '../sources/data-source.js';
import { checksOf, type ValueRule } from '../validation/value-checks.rules.js';

/** Rules that stored values can break. What is missing is a matter of completeness, and what lay in the future does not now. */
const stored: readonly ValueRule[] = ['TYPE', 'NOT_FINITE', 'RANGE', 'ALLOWED_VALUES', 'PATTERN'];

/** A Parquet file of a snapshot, and the columns that it has. */
export interface SnapshotFile {
  readonly path: string;
  readonly columns: ReadonlySet<string>;
}

const rawOf = (at: number): string => quoted(`__raw_${at}`);
const valueOf = (at: number): string => quoted(`__value_${at}`);

/** The rows of a file with the columns and types of a schema, as SQL that may stand after `FROM`. */
export function typedRowsOf({ path, columns }: SnapshotFile, schema: DataSchema): string {
  const typed = schema.columns.map(({ name, type }) => {
    const value = columns.has(name) ? quoted(name) : 'NULL';
    return `TRY_CAST(${value} AS ${storedTypes[type]}) AS ${quoted(name)}`;
  });
  return `(SELECT ${typed.join(', ')} FROM read_parquet(${literal(path)}))`;
}

/**
 * One row: `rows`, `invalid` rows, `newest` event, and for each column, by its place, how many values are there
 * (`present_0`) and how many of them break a rule of the schema (`invalid_0`).
 */
export function countingStatement(file: SnapshotFile, schema: DataSchema): string {
  const raw = schema.columns.map(({ name }, at) => `${file.columns.has(name) ? quoted(name) : 'NULL'} AS ${rawOf(at)}`);
  const values = schema.columns.map(
    ({ type }, at) => `TRY_CAST(${rawOf(at)} AS ${storedTypes[type]}) AS ${valueOf(at)}`,
  );
  const faults = schema.columns.map((column, at) => `${faultOf(column, at)} AS "__fault_${at}"`);
  const counts = schema.columns.flatMap((_, at) => [
    `count(${rawOf(at)}) AS "present_${at}"`,
    `count(*) FILTER ("__fault_${at}") AS "invalid_${at}"`,
  ]);
  const anyFault = schema.columns.map((_, at) => `coalesce("__fault_${at}", false)`).join(' OR ');
  const event = schema.columns.findIndex(({ name }) => name === schema.eventTimeColumn);
  return `WITH raw AS (SELECT ${raw.join(', ')} FROM read_parquet(${literal(file.path)})),
      typed AS (SELECT *, ${values.join(', ')} FROM raw),
      judged AS (SELECT *, ${faults.join(', ')} FROM typed)
    SELECT count(*) AS rows, count(*) FILTER (${anyFault}) AS invalid,
      ${event === -1 ? 'NULL' : `max(${valueOf(event)})`} AS newest, ${counts.join(', ')}
    FROM judged`;
}

function faultOf(column: DataColumn, at: number): string {
  const checks = checksOf(column, rawOf(at), valueOf(at), null, new Date(0));
  const broken = checks.filter(({ rule }) => stored.includes(rule)).map(({ isBroken }) => `(${isBroken})`);
  return broken.length === 0 ? 'false' : `(${broken.join(' OR ')})`;
}

/** How many rows repeat another one of the file: `duplicates`. Null where the schema has nothing that tells rows apart. */
export function duplicatesStatement(file: SnapshotFile, schema: DataSchema): string | null {
  const { keyColumns, hasUniqueRows, columns } = schema;
  const names = keyColumns.length > 0 ? keyColumns : hasUniqueRows ? columns.map(({ name }) => name) : [];
  if (names.length === 0) return null;
  const told = names.map(quoted).join(', ');
  const hasKey = keyColumns.map((name) => `${quoted(name)} IS NOT NULL`).join(' AND ');
  return `SELECT coalesce(sum(rows - 1), 0) AS duplicates FROM (
      SELECT count(*) AS rows FROM ${typedRowsOf(file, schema)} ${hasKey === '' ? '' : `WHERE ${hasKey}`} GROUP BY ${told})`;
}

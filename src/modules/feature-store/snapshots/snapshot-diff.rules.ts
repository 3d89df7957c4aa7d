import { quoted } from '../engine/sql-text.js';
import type { DataSchema } from '../sources/data-source.js';
import type { TypedColumn } from '../value-types.js';

/** How two schemas differ. */
export interface SchemaDiff {
  readonly addedColumns: readonly string[];
  readonly removedColumns: readonly string[];
  readonly retypedColumns: readonly string[];
}

/** How many rows are in one of two snapshots alone, or in both with other values. */
export interface RowsDiff {
  readonly rowsAdded: number;
  readonly rowsRemoved: number;
  /** Null where no key tells which row became which. */
  readonly rowsChanged: number | null;
}

export function schemaDiffOf(before: DataSchema, after: DataSchema): SchemaDiff {
  const typesBefore = new Map(before.columns.map(({ name, type }) => [name, type]));
  const typesAfter = new Map(after.columns.map(({ name, type }) => [name, type]));
  const names = [...typesAfter.keys()];
  return {
    addedColumns: names.filter((name) => !typesBefore.has(name)),
    removedColumns: [...typesBefore.keys()].filter((name) => !typesAfter.has(name)),
    retypedColumns: names.filter((name) => typesBefore.has(name) && typesBefore.get(name) !== typesAfter.get(name)),
  };
}

/** Columns that both have, with the same type. */
export function commonColumns(before: DataSchema, after: DataSchema): TypedColumn[] {
  const types = new Map(before.columns.map(({ name, type }) => [name, type]));
  return after.columns.filter(({ name, type }) => types.get(name) === type);
}

/** The key by which rows of both can be told apart; empty where there is none. */
export function commonKey(before: DataSchema, after: DataSchema): readonly string[] {
  const common = new Set(commonColumns(before, after).map(({ name }) => name));
  const isSame = JSON.stringify([...before.keyColumns].sort()) === JSON.stringify([...after.keyColumns].sort());
  return isSame && before.keyColumns.every((name) => common.has(name)) ? before.keyColumns : [];
}

/** Says of a relation whether its keys are unique and never null: `isUnique`. */
export const uniquenessStatement = (rows: string, keys: readonly string[]): string =>
  `SELECT count(*) = count(DISTINCT (${keys.map(quoted).join(', ')}))
     AND count(*) FILTER (${keys.map((key) => `${quoted(key)} IS NULL`).join(' OR ')}) = 0 AS "isUnique"
   FROM ${rows}`;

/** Compares rows of the same key of two relations: `added`, `removed`, `changed`. */
export function keyedDiffStatement(
  before: string,
  after: string,
  keys: readonly string[],
  columns: readonly TypedColumn[],
): string {
  const isSameKey = keys.map((key) => `one.${quoted(key)} = other.${quoted(key)}`).join(' AND ');
  const rest = columns.filter(({ name }) => !keys.includes(name));
  const isOther = rest.map(({ name }) => `one.${quoted(name)} IS DISTINCT FROM other.${quoted(name)}`);
  return `SELECT count(*) FILTER (one."__is" IS NULL) AS added, count(*) FILTER (other."__is" IS NULL) AS removed,
      count(*) FILTER (one."__is" AND other."__is" AND (${['false', ...isOther].join(' OR ')})) AS changed
    FROM (SELECT *, true AS "__is" FROM ${before}) AS one
    FULL JOIN (SELECT *, true AS "__is" FROM ${after}) AS other ON ${isSameKey}`;
}

/** Compares rows of two relations as a whole, as often as each comes: `added`, `removed`. */
export function wholeRowsDiffStatement(before: string, after: string, columns: readonly TypedColumn[]): string {
  const texts = columns.map(({ name }) => `CAST(${quoted(name)} AS VARCHAR)`);
  const counted = (rows: string) =>
    `(SELECT md5(CAST(to_json([${texts.join(', ')}]) AS VARCHAR)) AS line, count(*) AS rows FROM ${rows} GROUP BY line)`;
  return `SELECT coalesce(sum(greatest(coalesce(other.rows, 0) - coalesce(one.rows, 0), 0)), 0) AS added,
      coalesce(sum(greatest(coalesce(one.rows, 0) - coalesce(other.rows, 0), 0)), 0) AS removed
    FROM ${counted(before)} AS one FULL JOIN ${counted(after)} AS other ON one.line = other.line`;
}

import { literal, quoted, storedTypes } from '../engine/sql-text.js';
import type { TypedColumn } from '../value-types.js';

/**
 * The rows of Parquet files one after the other, as SQL that may stand after `FROM`. Files that were taken by an older
 * schema may lack columns or hold another type: what is not there, or stands for no value of the type, is null.
 * @param columns those of the newest file; the others may have more or fewer.
 */
export function rowsOfFiles(paths: readonly string[], columns: readonly TypedColumn[]): string {
  const [only] = paths;
  if (paths.length === 1 && only !== undefined) return `read_parquet(${literal(only)})`;
  const typed = columns.map(({ name, type }) => `TRY_CAST(${quoted(name)} AS ${storedTypes[type]}) AS ${quoted(name)}`);
  const files = `read_parquet([${paths.map(literal).join(', ')}], union_by_name = true)`;
  return `(SELECT ${typed.join(', ')} FROM ${files})`;
}

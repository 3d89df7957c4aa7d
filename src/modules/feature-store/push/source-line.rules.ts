import { createHash } from 'node:crypto';
import { toJson } from '../json-values.rules.js';
import type { Row } from '../transformations/transformation.js';
import type { TypedColumn } from '../value-types.js';

/** A row as a file of its source would have it. */
export interface SourceLine {
  /** JSON, in one line. */
  readonly text: string;
  /** SHA-256 of what the row says. */
  readonly digest: Buffer;
}

/** A row as a line of NDJSON, with all columns in their order. */
export function sourceLine(columns: readonly TypedColumn[], row: Row): SourceLine {
  const cells = columns.map((column) => `${JSON.stringify(column.name)}:${cellOf(column, row)}`);
  const text = `{${cells.join(',')}}`;
  return { text, digest: createHash('sha256').update(text).digest() };
}

/** JSON stands as it is, so that nothing of it is lost; between its values there may be line breaks. */
function cellOf({ name, type }: TypedColumn, row: Row): string {
  const value = row[name] ?? null;
  if (type === 'JSON' && typeof value === 'string') return value.replaceAll(/[\r\n]/g, ' ');
  return JSON.stringify(toJson(value, type));
}

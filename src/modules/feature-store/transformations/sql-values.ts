import { literal, quoted } from '../engine/sql-text.js';
import type { FeatureValue } from '../value-types.js';

/** A number as a literal of type `DOUBLE` with all of its digits: without an exponent it would be a decimal. */
export const doubleLiteral = (value: number): string =>
  Number.isFinite(value) ? `(${value.toExponential()})` : `CAST('${value}' AS DOUBLE)`;

/** A text as a literal, whatever its characters are: a statement must not hold the character of code 0. */
export const textLiteral = (value: string): string => `(${value.split('\0').map(literal).join(' || chr(0) || ')})`;

export function valueLiteral(value: string | number | boolean): string {
  if (typeof value === 'string') return textLiteral(value);
  return typeof value === 'number' ? doubleLiteral(value) : String(value);
}

/** A numeric column as `DOUBLE`. */
export const asDouble = (column: string): string => `CAST(${quoted(column)} AS DOUBLE)`;

/** A numeric column as `DOUBLE`, without its infinities. */
export const asFinite = (column: string): string =>
  `(CASE WHEN isfinite(${asDouble(column)}) THEN ${asDouble(column)} END)`;

/** The same in TypeScript: a number, or `null` where there is none. */
export const asNumber = (value: FeatureValue | undefined): number | null =>
  typeof value === 'number' || typeof value === 'bigint' ? Number(value) : null;

/** The text by which values that name groups are looked up, as `CAST(… AS VARCHAR)` has it. */
export const asKey = (value: FeatureValue | undefined): string | null =>
  value === null || value === undefined ? null : String(value);

export const notANumber = (sql: string): string => `(CASE WHEN isnan(${sql}) THEN NULL ELSE ${sql} END)`;

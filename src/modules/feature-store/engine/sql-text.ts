import type { ValueType } from '../value-types.js';

/** An identifier as SQL, whatever its characters are. */
export const quoted = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`;

/** A text as an SQL literal, for the few places that take no parameter, such as `COPY … TO`. */
export const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The type of DuckDB that holds each value type. */
export const sqlTypes: Readonly<Record<ValueType, string>> = {
  STRING: 'VARCHAR',
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  BOOLEAN: 'BOOLEAN',
  TIMESTAMP: 'TIMESTAMP',
  JSON: 'JSON',
};

/** The type of Parquet files that holds each value type: JSON is stored as its text. */
export const storedTypes: Readonly<Record<ValueType, string>> = { ...sqlTypes, JSON: 'VARCHAR' };

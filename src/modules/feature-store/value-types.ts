/**
 * Types of the values that columns and features hold. `TIMESTAMP` is a moment in UTC: microseconds in Parquet,
 * milliseconds since the epoch in TypeScript (with a fraction, where there are microseconds). `JSON` is its text.
 */
export const valueTypes = ['STRING', 'INT64', 'FLOAT64', 'BOOLEAN', 'TIMESTAMP', 'JSON'] as const;

export type ValueType = (typeof valueTypes)[number];

/** One value of a column or feature. `INT64` is a number up to 2^53 and a bigint beyond. */
export type FeatureValue = string | number | bigint | boolean | null;

/** A column of rows: what it is called and what it holds. */
export interface TypedColumn {
  readonly name: string;
  readonly type: ValueType;
}

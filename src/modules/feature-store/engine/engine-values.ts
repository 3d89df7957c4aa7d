import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  DuckDBDateValue,
  DuckDBDecimalValue,
  DuckDBTimestampMillisecondsValue,
  DuckDBTimestampNanosecondsValue,
  DuckDBTimestampSecondsValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  type DuckDBValue,
  TIMESTAMP,
  VARCHAR,
} from '@duckdb/node-api';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureValue, TypedColumn, ValueType } from '../value-types.js';

const MILLISECONDS_OF_A_DAY = 86_400_000;
const MICROSECONDS = 1_000;
const NANOSECONDS = 1_000_000;

const int64 = { least: -(2n ** 63n), greatest: 2n ** 63n - 1n };

/** Types of the engine in which values of ours travel. `JSON` travels as text. */
export const engineTypes: Readonly<Record<ValueType, DuckDBType>> = {
  STRING: VARCHAR,
  INT64: BIGINT,
  FLOAT64: DOUBLE,
  BOOLEAN,
  TIMESTAMP,
  JSON: VARCHAR,
};

/** What the engine answered, as a value of ours. What has no counterpart, such as a list, becomes text. */
export function fromEngine(value: DuckDBValue): FeatureValue {
  if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  if (typeof value === 'bigint') return wholeNumber(value);
  if (value instanceof DuckDBTimestampValue || value instanceof DuckDBTimestampTZValue) {
    return Number(value.micros) / MICROSECONDS;
  }
  if (value instanceof DuckDBTimestampMillisecondsValue) return Number(value.millis);
  if (value instanceof DuckDBTimestampSecondsValue) return Number(value.seconds) * 1_000;
  if (value instanceof DuckDBTimestampNanosecondsValue) return Number(value.nanos) / NANOSECONDS;
  if (value instanceof DuckDBDateValue) return value.days * MILLISECONDS_OF_A_DAY;
  if (value instanceof DuckDBDecimalValue) return value.toDouble();
  return String(value);
}

const wholeNumber = (value: bigint): number | bigint =>
  value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;

/** A parameter for the engine. Whole numbers go as `BIGINT`, so that they fit where one is asked for. */
export function toParameter(value: FeatureValue): [DuckDBValue, DuckDBType?] {
  if (typeof value === 'bigint') return [value, BIGINT];
  if (typeof value !== 'number') return [value];
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? [BigInt(value), BIGINT] : [value, DOUBLE];
}

/** A value of a column for the engine. @throws {CodedError} INVALID_INPUT where it is not of the column's type. */
export function toEngine(value: FeatureValue, column: TypedColumn): DuckDBValue {
  if (value === null) return null;
  const converted = converters[column.type](value);
  if (converted === undefined) {
    throw new CodedError('INVALID_INPUT', `Column ${column.name} holds ${column.type}, which ${shown(value)} is not.`);
  }
  return converted;
}

const shown = (value: FeatureValue): string =>
  typeof value === 'string' ? `the text ${JSON.stringify(value.slice(0, 50))}` : String(value);

/** `undefined` says that the value is not of the type. */
const converters: Readonly<Record<ValueType, (value: NonNullable<FeatureValue>) => DuckDBValue | undefined>> = {
  STRING: textOnly,
  JSON: textOnly,
  FLOAT64: (value) => (typeof value === 'number' || typeof value === 'bigint' ? Number(value) : undefined),
  BOOLEAN: (value) => (typeof value === 'boolean' ? value : undefined),
  INT64: (value) => {
    const whole = typeof value === 'number' && Number.isSafeInteger(value) ? BigInt(value) : value;
    return typeof whole === 'bigint' && whole >= int64.least && whole <= int64.greatest ? whole : undefined;
  },
  TIMESTAMP: (value) =>
    typeof value === 'number' && Number.isSafeInteger(Math.round(value * MICROSECONDS))
      ? new DuckDBTimestampValue(BigInt(Math.round(value * MICROSECONDS)))
      : undefined,
};

function textOnly(value: NonNullable<FeatureValue>): DuckDBValue | undefined {
  return typeof value === 'string' ? value : undefined;
}

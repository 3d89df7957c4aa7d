import { CodedError } from '../../../common/errors/coded-error.js';
import type { FeatureValue, TypedColumn, ValueType } from '../value-types.js';
import type { Row } from './transformation.js';

const isText = (value: FeatureValue): boolean => typeof value === 'string';

/** Whether a value that is there is one of the type. */
export const isOfType: Readonly<Record<ValueType, (value: FeatureValue) => boolean>> = {
  STRING: isText,
  JSON: isText,
  FLOAT64: (value) => typeof value === 'number' || typeof value === 'bigint',
  INT64: (value) => typeof value === 'bigint' || Number.isSafeInteger(value),
  BOOLEAN: (value) => typeof value === 'boolean',
  TIMESTAMP: (value) => typeof value === 'number' && Number.isFinite(value),
};

/** What is not there, and NaN, are missing values. */
export const present = (value: FeatureValue | undefined): FeatureValue =>
  value === undefined || Number.isNaN(value) ? null : value;

/** The known columns of a row. @throws {CodedError} INVALID_INPUT where a value is not of its column's type. */
export function rowOf(columns: readonly TypedColumn[], row: Row): Record<string, FeatureValue> {
  const values: Record<string, FeatureValue> = {};
  for (const { name, type } of columns) {
    const value = present(row[name]);
    if (value !== null && !isOfType[type](value)) {
      const shown = JSON.stringify(String(value).slice(0, 50));
      throw new CodedError('INVALID_INPUT', `Column ${name} holds ${type}, which ${shown} is not.`);
    }
    values[name] = value;
  }
  return values;
}

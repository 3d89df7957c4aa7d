import { CodedError } from '../../../common/errors/coded-error.js';
import { DATA_SOURCE_NAME, DATA_SOURCE_NAME_RULE } from '../sources/data-source-name.rules.js';
import type { DataSchema } from '../sources/data-source.js';
import type { QualityExpectations, ReferenceRule } from './data-quality.js';

/** Most rules of one source: each is another look at its rows. */
export const MAX_QUALITY_RULES = 100;

/** @throws {CodedError} INVALID_INPUT with the first thing that does not fit the schema. */
export function checkExpectations(
  { columnThresholds, expressions, references }: QualityExpectations,
  { columns, keyColumns }: DataSchema,
): void {
  const names = [...expressions, ...references].map(({ name }) => name);
  if (names.length > MAX_QUALITY_RULES) throw wrong('rules', `there may be at most ${MAX_QUALITY_RULES}`);
  const odd = names.find((name) => !DATA_SOURCE_NAME.test(name));
  if (odd !== undefined)
    throw wrong('rules', `the name ${JSON.stringify(odd)} is refused: it ${DATA_SOURCE_NAME_RULE}`);
  const twice = names.find((name, at) => names.indexOf(name) < at);
  if (twice !== undefined) throw wrong('rules', `there are two named ${twice}`);
  const isKnown = new Set(columns.map(({ name }) => name));
  for (const { column, dimension } of columnThresholds) {
    if (!isKnown.has(column)) throw wrong('columnThresholds', `there is no column ${column}`);
    if (dimension === 'UNIQUENESS' && (keyColumns.length !== 1 || keyColumns[0] !== column)) {
      throw wrong('columnThresholds', `uniqueness is measured of a column that alone is the key, and ${column} is not`);
    }
  }
}

/** @throws {CodedError} INVALID_INPUT where one of the columns is not there. */
export function checkReference(
  { name, column, source, sourceColumn }: Omit<ReferenceRule, 'sourceId'>,
  own: DataSchema,
  other: DataSchema,
): void {
  if (!has(own, column)) throw wrong('references', `rule ${name}: there is no column ${column}`);
  if (!has(other, sourceColumn)) {
    throw wrong('references', `rule ${name}: there is no column ${sourceColumn} in data source ${source}`);
  }
}

const has = ({ columns }: DataSchema, wanted: string): boolean => columns.some(({ name }) => name === wanted);

const wrong = (field: string, what: string): CodedError => new CodedError('INVALID_INPUT', `${field}: ${what}.`);

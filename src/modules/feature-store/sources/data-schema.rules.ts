import { CodedError } from '../../../common/errors/coded-error.js';
import type { DataColumn, DataSchema } from './data-source.js';

/** Names of columns: any text that can be shown, but for what quoting them in a path of JSON would take. */
export const COLUMN_NAME = /^(?!__)(?!\s)[^\p{C}"\\]{1,128}(?<!\s)$/u;

export const COLUMN_NAME_RULE =
  'takes 1 to 128 characters without control characters, double quotes and backslashes, and does not start with two underscores';

export const MAX_COLUMNS = 1_000;
const MAX_ALLOWED_VALUES = 1_000;
const INT64 = /^[+-]?\d{1,19}$/;

/** @throws {CodedError} INVALID_INPUT with the first thing that is wrong. */
export function checkSchema(schema: DataSchema): void {
  const { columns, keyColumns, eventTimeColumn, maxAgeSeconds } = schema;
  if (columns.length === 0 || columns.length > MAX_COLUMNS) {
    throw wrong('columns', `there must be 1 to ${MAX_COLUMNS}, not ${columns.length}`);
  }
  const byName = new Map(columns.map((column) => [column.name, column]));
  // The engine does not tell names apart by case.
  const folded = new Set<string>();
  for (const column of columns) {
    checkColumn(column);
    if (folded.has(column.name.toLowerCase())) throw wrong('columns', `there are two named ${column.name}`);
    folded.add(column.name.toLowerCase());
  }
  if (new Set(keyColumns).size < keyColumns.length) throw wrong('keyColumns', 'one is named twice');
  for (const name of keyColumns) {
    const column = byName.get(name);
    if (column === undefined) throw wrong('keyColumns', `there is no column ${name}`);
    if (column.isNullable) throw wrong('keyColumns', `${name} must not be nullable`);
  }
  if (eventTimeColumn !== null && byName.get(eventTimeColumn)?.type !== 'TIMESTAMP') {
    throw wrong('eventTimeColumn', `there is no column ${eventTimeColumn} of type TIMESTAMP`);
  }
  if (maxAgeSeconds !== null && eventTimeColumn === null) {
    throw wrong('maxAgeSeconds', 'the age of a batch can be told only with an eventTimeColumn');
  }
}

function checkColumn({ name, type, minimum, maximum, allowedValues, pattern }: DataColumn): void {
  if (!COLUMN_NAME.test(name))
    throw wrong('columns', `the name ${JSON.stringify(name)} is refused: it ${COLUMN_NAME_RULE}`);
  const isNumber = type === 'INT64' || type === 'FLOAT64';
  if (!isNumber && (minimum !== null || maximum !== null)) {
    throw wrong('columns', `${name} is ${type}; only numbers have a minimum and a maximum`);
  }
  if (minimum !== null && maximum !== null && minimum > maximum) {
    throw wrong('columns', `the minimum of ${name} is above its maximum`);
  }
  if (pattern !== null && type !== 'STRING') throw wrong('columns', `${name} is ${type}; only STRING has a pattern`);
  if (allowedValues === null) return;
  if (type !== 'STRING' && type !== 'INT64') {
    throw wrong('columns', `${name} is ${type}; only STRING and INT64 have allowed values`);
  }
  if (allowedValues.length === 0 || allowedValues.length > MAX_ALLOWED_VALUES) {
    throw wrong('columns', `${name} must have 1 to ${MAX_ALLOWED_VALUES} allowed values, or none are told`);
  }
  const odd = type === 'INT64' ? allowedValues.find((value) => !INT64.test(value)) : undefined;
  if (odd !== undefined) throw wrong('columns', `the allowed value ${JSON.stringify(odd)} of ${name} is no INT64`);
}

const wrong = (field: string, what: string): CodedError => new CodedError('INVALID_INPUT', `${field}: ${what}.`);

import { type Datatype, datatypeTable } from '../../../../common/tensor/datatypes.js';
import type { ModelContract } from '../../prediction/model-contract.js';
import { columnGroups } from '../../prediction/records.rules.js';

/** The columns that a model takes, with the datatype of each. */
export type ModelColumns = ReadonlyMap<string, Datatype>;

/** @throws {CodedError} INVALID_RECORD where the model takes no records. */
export function modelColumns(model: ModelContract): ModelColumns {
  return new Map(
    columnGroups(model).flatMap(({ input, columns }) => columns.map((column) => [column, input.datatype] as const)),
  );
}

/** As a decimal point or exponent would have it; neither hexadecimal nor `Infinity`. */
const decimal = /^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$/;

const readers: Readonly<Record<'boolean' | 'integer' | 'bigInteger' | 'float', (text: string) => unknown>> = {
  boolean: (text) => ({ true: true, false: false })[text.trim().toLowerCase()] ?? text,
  integer: readNumber,
  float: readNumber,
  bigInteger: (text) => {
    const value = readNumber(text);
    return typeof value === 'number' && !Number.isSafeInteger(value) ? text.trim() : value;
  },
};

/**
 * What a text of a CSV file means to a column of this datatype. A text that means nothing to it is left as it is, so that
 * the check of records tells what is wrong with it.
 */
export function valueOfText(datatype: Datatype, text: string): unknown {
  const { kind } = datatypeTable[datatype];
  return kind === 'string' ? text : readers[kind](text);
}

function readNumber(text: string): number | string {
  return decimal.test(text) ? Number(text) : text;
}

/**
 * The record of a row: the columns that the model takes and nothing else, so that a file may have more. An empty text is
 * a value that is missing, unless the model takes texts.
 * @param isText whether all values are texts, as in CSV.
 */
export function recordOf(
  columns: ModelColumns,
  fields: Readonly<Record<string, unknown>>,
  isText: boolean,
): Record<string, unknown> {
  const record: [string, unknown][] = [];
  for (const [column, datatype] of columns) {
    const value = Object.hasOwn(fields, column) ? fields[column] : undefined;
    const isMissing = value === undefined || (value === '' && isText && datatype !== 'BYTES');
    if (isMissing) continue;
    record.push([column, isText && typeof value === 'string' ? valueOfText(datatype, value) : value]);
  }
  return Object.fromEntries(record);
}

import { CodedError } from '../../../common/errors/coded-error.js';
import { isJsonObject, type JsonObject } from '../../../common/json/json-object.js';

/** A table as Feast sends it: a list of values for each column, all of one length. */
export interface Frame {
  readonly columns: Readonly<Record<string, readonly unknown[]>>;
  /** Of its rows. */
  readonly count: number;
}

/** @param name what the request calls it. @throws {CodedError} INVALID_INPUT where it is no table. */
export function frameOf(given: unknown, name: string): Frame {
  if (!isJsonObject(given)) throw invalid(`${name}: give an object with a list of values for each column.`);
  const columns: Record<string, readonly unknown[]> = {};
  let longest: string | undefined;
  for (const [column, values] of Object.entries(given)) {
    if (!Array.isArray(values)) throw invalid(`${name}.${shown(column)}: is not a list of values.`);
    longest ??= column;
    const expected = columns[longest]?.length ?? values.length;
    if (values.length !== expected) {
      throw invalid(`${name}: ${shown(longest)} has ${expected} values, and ${shown(column)} has ${values.length}.`);
    }
    columns[column] = values;
  }
  if (longest === undefined) throw invalid(`${name}: has no columns.`);
  return { columns, count: columns[longest]?.length ?? 0 };
}

/** The same, row by row. */
export function rowsOf({ columns, count }: Frame): JsonObject[] {
  const entries = Object.entries(columns);
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(entries.map(([column, values]) => [column, values[row]])),
  );
}

const shown = (name: string): string => JSON.stringify(name.slice(0, 128));

const invalid = (message: string): CodedError => new CodedError('INVALID_INPUT', message);

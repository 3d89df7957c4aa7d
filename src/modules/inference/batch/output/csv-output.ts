import { stringify } from 'csv-stringify/sync';
import type { OutputColumn, OutputRows } from './output-file.js';

/** A CSV file (RFC 4180, but with `\n`): a missing value is an empty field, a list is JSON. */
export async function* csvOutput(columns: readonly OutputColumn[], rows: OutputRows): AsyncGenerator<string, void> {
  yield stringify([columns.map(({ name }) => name)]);
  for await (const group of rows) {
    if (group.length > 0) yield stringify(group.map((row) => columns.map(({ valueOf }) => cell(valueOf(row)))));
  }
}

function cell(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

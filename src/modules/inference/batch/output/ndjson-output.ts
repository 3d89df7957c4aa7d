import type { OutputRow, OutputRows } from './output-file.js';

/** An NDJSON file: one object a row. */
export async function* ndjsonOutput(rows: OutputRows): AsyncGenerator<string, void> {
  for await (const group of rows) {
    if (group.length > 0) yield group.map((row) => `${JSON.stringify(objectOf(row))}\n`).join('');
  }
}

function objectOf({ row, input, outcome }: OutputRow): object {
  const { label, probability, values, error } = outcome;
  return { row, ...(input !== null && { input }), label, probability, values, error };
}

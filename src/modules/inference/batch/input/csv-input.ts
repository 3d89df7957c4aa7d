import { Readable } from 'node:stream';
import { CsvError, type Options, parse } from 'csv-parse';
import { parse as parseAtOnce } from 'csv-parse/sync';
import { checkedText } from './checked-text.js';
import {
  type InputColumn,
  type InputLimits,
  type InputRow,
  invalidFile,
  type RowVisitor,
  tooLong,
  tooManyColumns,
  tooManyRows,
} from './input-file.js';

/** RFC 4180. Said in full, so that a chunk is read exactly as it was when the file was cut. */
const dialect: Options = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  record_delimiter: ['\r\n', '\n'],
  relax_column_count: true,
  skip_empty_lines: true,
};

/** What csv-parse tells of a record with `info`. */
interface ParsedRecord {
  readonly record: readonly string[];
  readonly info: { readonly bytes: number };
}

/**
 * Reads a CSV file once to find its columns and where its rows are. A row that has too many or too few fields is a row.
 * @throws {CodedError} INVALID_FILE with the row.
 */
export async function scanCsv(source: Readable, limits: InputLimits, visitor: RowVisitor): Promise<InputColumn[]> {
  const parser = parse({ ...dialect, bom: true, info: true, max_record_size: limits.maxRowBytes });
  const text = Readable.from(checkedText(source), { objectMode: false });
  text.once('error', (error) => parser.destroy(error)).pipe(parser);
  let columns: InputColumn[] | undefined;
  let rows = 0;
  try {
    for await (const { record, info } of parser as AsyncIterable<ParsedRecord>) {
      if (columns === undefined) {
        columns = readHeader(record, limits);
        visitor.begin(info.bytes, columns);
      } else {
        rows += 1;
        if (rows > limits.maxRows) throw tooManyRows(`row ${rows}`, limits);
        const visited = visitor.row(info.bytes);
        if (visited !== undefined) await visited;
      }
    }
  } catch (error) {
    throw explain(error, limits);
  } finally {
    text.destroy();
    source.destroy();
  }
  return columns ?? [];
}

/** The rows of a chunk. @param columns those of the header. */
export function readCsvRows(chunk: Buffer, columns: readonly InputColumn[]): InputRow[] {
  const records = parseAtOnce(chunk, { ...dialect }) as unknown as readonly (readonly string[])[];
  return records.map((record) => {
    const given = columns.slice(0, record.length);
    const fields = Object.fromEntries(given.map(({ name }, index) => [name, record[index]]));
    const hasAll = record.length === columns.length;
    return { fields, problem: hasAll ? null : `has ${record.length} fields; the header has ${columns.length}` };
  });
}

function readHeader(names: readonly string[], limits: InputLimits): InputColumn[] {
  if (names.length > limits.maxColumns) throw tooManyColumns('header', limits);
  const known = new Set<string>();
  for (const name of names) {
    if (known.has(name)) throw invalidFile('header', `the column ${JSON.stringify(name)} is named twice.`);
    known.add(name);
  }
  return names.map((name) => ({ name, kind: 'TEXT' as const }));
}

const explanations: Readonly<Record<string, string>> = {
  CSV_QUOTE_NOT_CLOSED: 'a quote is opened here and never closed.',
  CSV_INVALID_CLOSING_QUOTE: 'a closing quote is followed by something else than a comma or the end of the line.',
  INVALID_OPENING_QUOTE: 'a quote stands within a field that does not begin with one.',
};

/** Tells the row, as the output would, and not the line: csv-parse counts a quoted `\r\n` twice. */
function explain(error: unknown, limits: InputLimits): unknown {
  if (!(error instanceof CsvError)) return error;
  const records = Number(error['records']);
  const place = records === 0 ? 'header' : `row ${records}`;
  if (error.code === 'CSV_MAX_RECORD_SIZE') return tooLong(place, limits);
  return invalidFile(place, explanations[error.code] ?? `${error.message}.`);
}

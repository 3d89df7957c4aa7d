import type { Readable } from 'node:stream';
import { checkedText } from './checked-text.js';
import { ColumnKinds } from './column-kinds.js';
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
import { Lines } from './lines.js';

type JsonRecord = Readonly<Record<string, unknown>>;

const BOM = Buffer.from('\uFEFF');

/** A shorter line cannot be nested so deeply that writing it again would overflow the stack. */
const MAX_SURELY_FLAT = 1_000;

/**
 * Reads an NDJSON file once to find its columns and where its rows are. Empty lines are no rows.
 * @throws {CodedError} INVALID_FILE with the line.
 */
export async function scanNdjson(source: Readable, limits: InputLimits, visitor: RowVisitor): Promise<InputColumn[]> {
  const lines = new Lines(limits.maxRowBytes);
  const columns = new ColumnKinds();
  let rows = 0;
  visitor.begin(0, null);
  const visit = async (line: Buffer, endByte: number): Promise<void> => {
    const place = `line ${lines.number}`;
    const text = line.subarray(lines.number === 1 && line.subarray(0, BOM.length).equals(BOM) ? BOM.length : 0);
    if (isBlank(text)) return;
    const unstorable = columns.add(parseLine(text, place));
    if (unstorable !== undefined) {
      throw invalidFile(place, `the name ${JSON.stringify(unstorable)} holds characters that no column may have.`);
    }
    if (columns.size > limits.maxColumns) throw tooManyColumns(place, limits);
    rows += 1;
    if (rows > limits.maxRows) throw tooManyRows(place, limits);
    await visitor.row(endByte);
  };
  try {
    for await (const bytes of checkedText(source)) {
      for (const { line, endByte } of lines.push(bytes)) await visit(line, endByte);
      if (lines.isTooLong) throw tooLong(`line ${lines.number + 1}`, limits);
    }
    const last = lines.finish();
    if (last !== undefined) await visit(last.line, last.endByte);
  } finally {
    source.destroy();
  }
  return columns.list();
}

/** The rows of a chunk, whose lines were found to be objects when the file was scanned. */
export function readNdjsonRows(chunk: Buffer): InputRow[] {
  return chunk
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => ({ fields: parseJson(line) as JsonRecord, problem: null }));
}

function parseLine(line: Buffer, place: string): JsonRecord {
  let value: unknown;
  try {
    value = parseJson(line.toString('utf8'));
    if (line.length > MAX_SURELY_FLAT) JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) throw invalidFile(place, 'the object is nested too deeply.');
    throw invalidFile(place, `this is no JSON (${error instanceof Error ? error.message : String(error)}).`);
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as JsonRecord;
  throw invalidFile(place, 'this is no JSON object. NDJSON has one object a line, such as {"a": 1}.');
}

/** What Python writes for floats that JSON does not have. */
const bareFloat = /(?<=[:,[\s])(-?Infinity|NaN)(?=\s*[,}\]])/g;

/** As JSON, but that bare NaN and Infinity are texts, for their rows to fail alone instead of the file. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const quoted = text.replace(bareFloat, '"$1"');
    if (quoted === text) throw error;
    return JSON.parse(quoted);
  }
}

const blanks: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d]);

function isBlank(line: Buffer): boolean {
  return line.every((byte) => blanks.has(byte));
}

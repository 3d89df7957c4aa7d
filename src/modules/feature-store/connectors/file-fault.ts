import { CodedError } from '../../../common/errors/coded-error.js';
import { DataEngineError } from '../engine/data-engine-error.js';

/** Longest message about a file, in UTF-16 code units. */
const MAX_MESSAGE = 500;

/** Kinds by which the engine says that the bytes of a file are not what they should be. */
const fileKinds = new Set(['Invalid Input', 'IO', 'Conversion', 'Invalid', 'TransactionContext', 'Out of Range', '']);

export const invalidFile = (what: string, cause?: unknown): CodedError =>
  new CodedError('INVALID_FILE', `The file is refused: ${what.replace(/[.\s]+$/, '')}.`, { cause });

/** What the engine says of a line of CSV, as we say it; it repeats the line, too, which is nobody's business. */
const lineFaults: readonly (readonly [said: RegExp, meant: string])[] = [
  [/Expected Number of Columns: \d+ Found: \d+/, '$&'],
  [/Value with unterminated quote found/, '$&'],
  [/Invalid unicode/, 'it is not UTF-8 text. Save the file as UTF-8'],
  [
    /Maximum line size of (\d+) bytes exceeded/,
    'it is longer than the $1 bytes that NESTOR_DATA_MAX_ROW_BYTES allows for a line',
  ],
];

/** What it says of a file as a whole, where that quotes values or gives advice that nobody here can follow. */
const wholeFaults: readonly (readonly [said: RegExp, meant: string])[] = [
  [
    /^The CSV Parser state machine reached an invalid state/,
    'it is not in the form of RFC 4180: its lines end in different ways, or a quote stands where none may be',
  ],
  [/^Invalid string encoding found in Parquet/, 'a text in its Parquet is not UTF-8'],
  [/^don't know what type/, 'its Parquet is damaged, or encrypted, which cannot be read'],
  [/byte order mark/, 'its JSON begins with a byte order mark. Save the file as UTF-8 without one'],
];

/** Says what is wrong with a file where the engine said so, without its path and its content. */
export function fileFault(error: unknown): unknown {
  if (!(error instanceof DataEngineError) || !fileKinds.has(error.kind)) return error;
  const whole = error.cause instanceof Error ? error.cause.message : error.message;
  const [, line] = /CSV Error on Line: (\d+)/.exec(whole) ?? [];
  if (line !== undefined) {
    const what = meantBy(whole, lineFaults) ?? 'it cannot be read as UTF-8 text in the form of RFC 4180';
    return invalidFile(`line ${line}: ${what}`, error);
  }
  const text = error.message
    .replaceAll(/(?:Parquet )?(?:file )?(["'])\/[^"']*\1/gi, 'the file')
    .replaceAll(/(?:file )?\/\S+\/data\/\S+/gi, 'the file')
    // The engine counts the line after the broken one.
    .replace(/(?<=^Malformed JSON .* in line )\d+/, (line) => String(Number(line) - 1));
  return invalidFile(meantBy(error.message, wholeFaults) ?? text.slice(0, MAX_MESSAGE), error);
}

function meantBy(text: string, faults: typeof lineFaults): string | undefined {
  for (const [said, meant] of faults) {
    const [found] = said.exec(text) ?? [];
    if (found !== undefined) return found.replace(said, meant);
  }
  return undefined;
}

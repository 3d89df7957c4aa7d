import { CodedError } from '../../../common/errors/coded-error.js';
import { DataEngineError } from '../engine/data-engine-error.js';

/** Longest message about a file, in UTF-16 code units. */
const MAX_MESSAGE = 500;

/** Kinds by which the engine says that the bytes of a file are not what they should be. */
const fileKinds = new Set(['Invalid Input', 'IO', 'Conversion', 'Invalid', 'TransactionContext', 'Out of Range', '']);

export const invalidFile = (what: string, cause?: unknown): CodedError =>
  new CodedError('INVALID_FILE', `The file is refused: ${what.replace(/[.\s]+$/, '')}.`, { cause });

/** What the engine says of a line of CSV; it repeats the line, too, which is nobody's business. */
const csvFaults =
  /Expected Number of Columns: \d+ Found: \d+|Value with unterminated quote found|Invalid unicode|Maximum line size of \d+ bytes exceeded/;

/** Says what is wrong with a file where the engine said so, without its path and its content. */
export function fileFault(error: unknown): unknown {
  if (!(error instanceof DataEngineError) || !fileKinds.has(error.kind)) return error;
  const whole = error.cause instanceof Error ? error.cause.message : error.message;
  const [, line] = /CSV Error on Line: (\d+)/.exec(whole) ?? [];
  if (line !== undefined) {
    const what = csvFaults.exec(whole)?.[0] ?? 'it cannot be read as UTF-8 text in the form of RFC 4180';
    return invalidFile(`line ${line}: ${what}`, error);
  }
  const text = error.message
    .replaceAll(/(file )?(["'])\/[^"']*\2/g, 'the file')
    .replaceAll(/(file )?\/\S+\/data\/\S+/g, 'the file');
  return invalidFile(text.slice(0, MAX_MESSAGE), error);
}

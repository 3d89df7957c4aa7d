import { isUtf8 } from 'node:buffer';
import { CodedError } from '../../../common/errors/coded-error.js';

/** Formats of the files that a batch inference reads and writes. */
export const fileFormats = ['CSV', 'NDJSON', 'PARQUET'] as const;

export type FileFormat = (typeof fileFormats)[number];

/** Bytes at the beginning of a file by which its format is told. */
export const SNIFFED_BYTES = 4_096;

const PARQUET_MAGIC = 'PAR1';

/**
 * Tells the format by the beginning of a file: Parquet has its magic bytes, NDJSON begins with an object, all other text
 * is CSV.
 * @throws {CodedError} INVALID_FILE where it is none of them.
 */
export function formatOf(beginning: Uint8Array): FileFormat {
  if (Buffer.from(beginning.subarray(0, 4)).toString('latin1') === PARQUET_MAGIC) return 'PARQUET';
  if (beginning.length === 0) throw new CodedError('INVALID_FILE', 'The file is empty.');
  if (beginning.includes(0) || !isUtf8(withoutCutCharacter(beginning))) {
    throw new CodedError('INVALID_FILE', 'The file begins with neither UTF-8 text nor Parquet. Say its format.');
  }
  const text = Buffer.from(beginning)
    .toString('utf8')
    .replace(/^\uFEFF/, '')
    .trimStart();
  return text.startsWith('{') ? 'NDJSON' : 'CSV';
}

/** Drops the last character where the beginning may have ended within it. */
function withoutCutCharacter(bytes: Uint8Array): Uint8Array {
  if (bytes.length < SNIFFED_BYTES) return bytes;
  let end = bytes.length;
  while (end > bytes.length - 4 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end - 1);
}

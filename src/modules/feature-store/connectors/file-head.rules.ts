import { parse } from 'csv-parse/sync';
import type { DataFileFormat } from '../sources/connections/file-connection.js';
import { invalidFile } from './file-fault.js';

/** How a file is compressed, in the engine's words. */
export type Compression = 'uncompressed' | 'gzip' | 'zstd';

/** A bit of the mask says that it counts. */
const magics: readonly {
  readonly bytes: readonly number[];
  readonly mask?: number;
  readonly means: Compression | 'ZIP' | 'ENCRYPTED';
}[] = [
  { bytes: [0x1f, 0x8b], means: 'gzip' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], means: 'zstd' },
  // What zstd is to skip may stand before it; the first byte has four free bits.
  { bytes: [0x50, 0x2a, 0x4d, 0x18], mask: 0xf0, means: 'zstd' },
  { bytes: [0x50, 0x4b, 0x03, 0x04], means: 'ZIP' },
  // `PARE`: Parquet whose footer, too, is encrypted.
  { bytes: [0x50, 0x41, 0x52, 0x45], means: 'ENCRYPTED' },
];

/** Tells by the first bytes of a file. @throws {CodedError} INVALID_FILE for an archive, and for what is encrypted. */
export function compressionOf(beginning: Uint8Array): Compression {
  const found = magics.find(({ bytes, mask = 0xff }) =>
    bytes.every((byte, at) => byte === (at === 0 ? (beginning[at] ?? 0) & mask : beginning[at])),
  )?.means;
  if (found === 'ZIP') throw invalidFile('it is a ZIP archive. Send the file itself, or compress it with gzip or zstd');
  if (found === 'ENCRYPTED') throw invalidFile('it is encrypted Parquet. Send it without encryption');
  return found ?? 'uncompressed';
}

/** Whether the first bytes are those of Parquet. */
export const isParquet = (beginning: Uint8Array): boolean =>
  Buffer.from(beginning.subarray(0, 4)).toString('latin1') === 'PAR1';

/** Tells the format of a text by its first line. */
export function textFormatOf(firstLine: string): Exclude<DataFileFormat, 'PARQUET'> {
  const text = firstLine.trimStart();
  if (text.startsWith('[')) return 'JSON';
  return text.startsWith('{') ? 'NDJSON' : 'CSV';
}

const delimiters = [',', ';', '\t', '|'] as const;

/** The delimiter that stands in a header most often, outside of quotes. */
export function delimiterOf(header: string): string {
  const plain = header.replaceAll(/"[^"]*"/g, '');
  const counted = delimiters.map((delimiter) => ({ delimiter, count: plain.split(delimiter).length }));
  return counted.reduce((best, one) => (one.count > best.count ? one : best)).delimiter;
}

/** The names in a header of CSV. @throws {CodedError} INVALID_FILE */
export function headerOf(line: string, delimiter: string): string[] {
  let names: string[] | undefined;
  try {
    [names] = parse(line, { delimiter, relax_column_count: true, trim: true });
  } catch (error) {
    throw invalidFile('its first line, which must name the columns, cannot be read', error);
  }
  if (names === undefined || names.length === 0) throw invalidFile('it is empty; the first line must name the columns');
  const blank = names.findIndex((name) => name === '');
  if (blank !== -1) throw invalidFile(`column ${blank + 1} has no name in the first line`);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw invalidFile(`the first line names the column ${twice} twice`);
  return names;
}

import { open } from 'node:fs/promises';
import {
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';

/** What a process that reads a Parquet file is told, as JSON on its command line. */
export interface ParquetTask {
  readonly path: string;
  /** The columns that are wanted; all when null. */
  readonly columns: readonly string[] | null;
  readonly maxColumns: number;
  readonly maxRows: number;
}

/** Rows that are unpacked at a time: a large row group is not held as objects all at once. */
const ROWS_AT_ONCE = 20_000;

/** Largest page that is unpacked, in bytes: writers make pages of about 1 MiB. */
const MAX_PAGE_BYTES = 256 * 1024 * 1024;

/** Largest part of the file that is read at once, in bytes: one column of one row group. */
const MAX_READ_BYTES = 1024 * 1024 * 1024;

/** @throws {Error} that says for people what is wrong with the file. */
export async function* readParquet(task: ParquetTask): AsyncGenerator<string, void> {
  const file = await open(task.path, 'r');
  try {
    const source = { byteLength: (await file.stat()).size, slice: sliceOf(file) };
    const metadata = await parquetMetadataAsync(source).catch((error: unknown) => {
      throw new Error(`footer: ${messageOf(error)}`);
    });
    const columns = columnsOf(metadata, task);
    yield* rowsOf(source, metadata, columns);
  } finally {
    await file.close();
  }
}

async function* rowsOf(file: AsyncBuffer, metadata: FileMetaData, columns: string[]): AsyncGenerator<string, void> {
  let groupStart = 0;
  for (const [index, { num_rows: rows }] of metadata.row_groups.entries()) {
    const groupEnd = groupStart + Number(rows);
    for (let rowStart = groupStart; rowStart < groupEnd; rowStart += ROWS_AT_ONCE) {
      const rowEnd = Math.min(groupEnd, rowStart + ROWS_AT_ONCE);
      const read = parquetReadObjects({ file, metadata, columns, rowStart, rowEnd, compressors: boundedCompressors });
      const objects: readonly object[] = await read.catch((error: unknown) => {
        throw new Error(`row group ${index}, rows ${rowStart + 1} to ${rowEnd}: ${messageOf(error)}`);
      });
      if (objects.length !== rowEnd - rowStart) {
        throw new Error(`row group ${index}: has ${objects.length} rows where ${rowEnd - rowStart} were announced.`);
      }
      yield objects.map((object) => `${JSON.stringify(object, jsonValue)}\n`).join('');
    }
    groupStart = groupEnd;
  }
}

/** The columns to read, of those at the top of the schema. */
function columnsOf({ schema, num_rows: rows, row_groups: groups }: FileMetaData, task: ParquetTask): string[] {
  const announced = groups.reduce((sum, group) => sum + group.num_rows, 0n);
  if (announced !== rows || groups.some((group) => group.num_rows < 0n)) {
    throw new Error(`footer: announces ${rows} rows, its row groups ${announced}.`);
  }
  if (rows > BigInt(task.maxRows)) {
    throw new Error(
      `footer: there are ${rows} rows, more than ${task.maxRows} (NESTOR_BATCH_MAX_ROWS). Split the file.`,
    );
  }
  const names = topLevelNames(schema);
  if (names.length > task.maxColumns) {
    throw new Error(`footer: there are more than ${task.maxColumns} columns (NESTOR_BATCH_MAX_COLUMNS).`);
  }
  return task.columns === null ? names : names.filter((name) => task.columns?.includes(name));
}

/** Parquet lists its schema as a tree whose nodes come before their children. */
function topLevelNames(schema: FileMetaData['schema']): string[] {
  const names: string[] = [];
  const skip = (index: number): number => {
    let next = index + 1;
    for (let child = 0; child < (schema[index]?.num_children ?? 0) && next < schema.length; child += 1)
      next = skip(next);
    return next;
  };
  for (let index = 1; index < schema.length; index = skip(index)) names.push(schema[index]?.name ?? '');
  return names;
}

const boundedCompressors: Compressors = Object.fromEntries(
  Object.entries(compressors).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, length: number): Uint8Array => {
      if (length > MAX_PAGE_BYTES)
        throw new Error(`a page unpacks to ${length} bytes; at most ${MAX_PAGE_BYTES} are read`);
      return decompress(input, length);
    },
  ]),
);

function sliceOf(file: Awaited<ReturnType<typeof open>>): AsyncBuffer['slice'] {
  return async (start, end) => {
    const { size } = await file.stat();
    const stop = end ?? size;
    const length = stop - start;
    if (!(start >= 0 && length >= 0 && stop <= size)) throw new Error(`bytes ${start} to ${stop} are not in the file`);
    if (length > MAX_READ_BYTES) throw new Error(`a column of ${length} bytes in one row group is too large`);
    const bytes = new Uint8Array(length);
    for (let read = 0; read < length;) {
      const { bytesRead } = await file.read(bytes, read, length - read, start + read);
      if (bytesRead === 0) throw new Error(`the file ends at byte ${start + read}`);
      read += bytesRead;
    }
    return bytes.buffer;
  };
}

/** A value that JSON has none for, as the rows of other formats would say it. */
function jsonValue(_: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value.toString();
  }
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : value;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

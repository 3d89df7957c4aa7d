import { buffer } from 'node:stream/consumers';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { ArtifactStore } from '../../../../common/storage/artifact-store.js';
import type { Digest } from '../../../../common/storage/digest.js';
import type { ChunkRange } from '../chunk-cutter.js';
import { readCsvRows } from '../input/csv-input.js';
import type { InputColumn, InputRow } from '../input/input-file.js';
import { readNdjsonRows } from '../input/ndjson-input.js';
import type { FileFormat } from '../file-format.rules.js';

/** Where the rows of a split file are. */
export interface RowSource {
  readonly inputFormat: FileFormat;
  readonly columns: readonly InputColumn[];
  readonly rowsDigest: Digest;
}

/** The rows of a chunk, read from the store. @throws {CodedError} ARTIFACT_NOT_FOUND, ARTIFACT_CORRUPT. */
export async function readChunkRows(
  store: ArtifactStore,
  { inputFormat, columns, rowsDigest }: RowSource,
  { startByte, endByte, rows: announced }: Pick<ChunkRange, 'startByte' | 'endByte' | 'rows'>,
): Promise<InputRow[]> {
  const bytes = await buffer(await store.read(rowsDigest, { start: startByte, end: endByte }));
  const rows = inputFormat === 'CSV' ? readCsvRows(bytes, columns) : readNdjsonRows(bytes);
  if (rows.length === announced) return rows;
  throw new CodedError(
    'ARTIFACT_CORRUPT',
    `The bytes ${startByte} to ${endByte} of ${rowsDigest} hold ${rows.length} rows instead of ${announced}: they have changed.`,
  );
}

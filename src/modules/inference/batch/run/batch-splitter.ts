import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Inject, Injectable } from '@nestjs/common';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { packageRoot } from '../../../../common/process/package-root.js';
import { ArtifactStore } from '../../../../common/storage/artifact-store.js';
import type { Digest } from '../../../../common/storage/digest.js';
import { RegistrySnapshot } from '../../../registry/snapshot/registry-snapshot.js';
import type { ClaimedBatch, SplitFile } from '../batch-inference.js';
import { BatchStepRepository } from '../batch-step.repository.js';
import { ChunkCutter, type ChunkRange } from '../chunk-cutter.js';
import { modelColumns, type ModelColumns } from '../input/column-values.rules.js';
import { scanCsv } from '../input/csv-input.js';
import { type InputColumn, type InputLimits, invalidFile, type RowVisitor } from '../input/input-file.js';
import { scanNdjson } from '../input/ndjson-input.js';
import { parquetRows } from '../input/parquet-input.js';

/** Chunks that are written at a time. */
const CHUNKS_AT_ONCE = 500;

/** Most chunks of one batch: each is a row and a job. */
const MAX_CHUNKS = 100_000;

/** Rows in a form that can be cut. */
interface CuttableRows {
  readonly digest: Digest;
  /** Where the rows begin. */
  readonly start: number;
  readonly isUnpacked: boolean;
}

/** Reads the file of a batch once, in bounded memory, and writes down where its chunks are. */
@Injectable()
export class BatchSplitter {
  private readonly limits: InputLimits;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly store: ArtifactStore,
    private readonly registry: RegistrySnapshot,
    private readonly repository: BatchStepRepository,
  ) {
    this.limits = {
      maxRowBytes: settings.NESTOR_BATCH_MAX_ROW_BYTES,
      maxColumns: settings.NESTOR_BATCH_MAX_COLUMNS,
      maxRows: settings.NESTOR_BATCH_MAX_ROWS,
    };
  }

  /**
   * @param signal gives it up.
   * @throws {CodedError} INVALID_FILE with the place of what is wrong; ARTIFACT_NOT_FOUND, STORAGE_FULL; CANCELLED.
   */
  async split(batch: ClaimedBatch, signal: AbortSignal): Promise<SplitFile> {
    const wanted = modelColumns(await this.registry.resolve(batch.workspaceId, batch));
    await this.repository.clearChunks(batch);
    // Of an attempt whose worker was killed.
    if (batch.spoolDigest !== null) await this.store.delete(batch.spoolDigest);
    const rows = await this.cuttableRows(batch, wanted, signal);
    try {
      return await this.cut(batch, rows, wanted, signal);
    } catch (error) {
      if (rows.isUnpacked) await this.store.delete(rows.digest);
      throw error;
    }
  }

  /** Removes what was unpacked for a split that came to nothing. */
  async discard({ spoolDigest }: SplitFile): Promise<void> {
    if (spoolDigest !== null) await this.store.delete(spoolDigest);
  }

  private async cut(
    batch: ClaimedBatch,
    { digest, start, isUnpacked }: CuttableRows,
    wanted: ModelColumns,
    signal: AbortSignal,
  ): Promise<SplitFile> {
    let cutter = new ChunkCutter(batch.chunkRows, this.settings.NESTOR_BATCH_CHUNK_BYTES, start);
    let chunks: ChunkRange[] = [];
    let chunksTotal = 0;
    const flush = async (): Promise<void> => {
      chunksTotal += chunks.length;
      if (chunksTotal > MAX_CHUNKS)
        throw invalidFile(`chunk ${MAX_CHUNKS}`, 'there are too many; ask for more chunkRows.');
      if (!(await this.repository.addChunks(batch, chunks))) throw givenUp();
      chunks = [];
    };
    const visitor: RowVisitor = {
      begin: (startByte, header) => {
        if (header !== null) assertColumns(header, wanted);
        cutter = new ChunkCutter(batch.chunkRows, this.settings.NESTOR_BATCH_CHUNK_BYTES, start + startByte);
      },
      row: (endByte) => {
        if (signal.aborted) throw givenUp();
        const chunk = cutter.add(start + endByte);
        if (chunk === undefined) return undefined;
        chunks.push(chunk);
        return chunks.length >= CHUNKS_AT_ONCE ? flush() : undefined;
      },
    };
    const source = await this.store.read(digest, { start });
    const scan = batch.inputFormat === 'CSV' ? scanCsv : scanNdjson;
    const columns = await scan(source, this.limits, visitor);
    const last = cutter.finish();
    if (last === undefined) throw invalidFile('file', 'it has no rows.');
    if (batch.inputFormat === 'PARQUET') assertColumns(columns, wanted);
    chunks.push(last);
    await flush();
    const { rowsTotal } = cutter;
    return { columns, rowsDigest: digest, spoolDigest: isUnpacked ? digest : null, rowsTotal, chunksTotal };
  }

  private async cuttableRows(batch: ClaimedBatch, wanted: ModelColumns, signal: AbortSignal): Promise<CuttableRows> {
    if (batch.inputFormat !== 'PARQUET') return { digest: batch.inputDigest, start: 0, isUnpacked: false };
    return this.store.withFile(batch.inputDigest, (path) => this.unpack(batch, path, wanted, signal));
  }

  /** Unpacked rows begin with a line that no other file has, so that the store keeps them for this attempt alone. */
  private async unpack(
    batch: ClaimedBatch,
    path: string,
    wanted: ModelColumns,
    signal: AbortSignal,
  ): Promise<CuttableRows> {
    const mark = `{"batch":"${batch.id}","attempt":"${randomUUID()}"}\n`;
    const columns = batch.includeInput ? null : [...wanted.keys()];
    const { maxColumns, maxRows } = this.limits;
    const rows = parquetRows(
      { path, columns, maxColumns, maxRows },
      {
        entry: join(packageRoot, 'dist/src/parquet.main.js'),
        memoryBytes: this.settings.NESTOR_BATCH_READER_MEMORY_BYTES,
        silenceMs: this.settings.NESTOR_EXECUTOR_RUN_TIMEOUT_MS,
      },
    );
    const source = Readable.from(marked(mark, rows), { objectMode: false });
    try {
      const maxBytes = this.settings.NESTOR_BATCH_UNPACKED_MAX_BYTES;
      const beforeStored = (spool: Digest) => this.recordSpool(batch, spool);
      const { digest } = await this.store.write(source, { maxBytes, signal, beforeStored });
      return { digest, start: Buffer.byteLength(mark), isUnpacked: true };
    } catch (error) {
      throw tooLargeWhenUnpacked(error);
    } finally {
      source.destroy();
    }
  }

  private async recordSpool(batch: ClaimedBatch, digest: Digest): Promise<void> {
    if (!(await this.repository.recordSpool(batch, digest))) throw givenUp();
  }
}

async function* marked(mark: string, rows: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  yield Buffer.from(mark);
  yield* rows;
}

/** A column that the model takes and the file has not would fail each of its rows. */
function assertColumns(columns: readonly InputColumn[], wanted: ModelColumns): void {
  const given = new Set(columns.map(({ name }) => name));
  const missing = [...wanted.keys()].filter((name) => !given.has(name));
  if (missing.length === 0) return;
  throw invalidFile('header', `the model takes ${missing.join(', ')}, which the file does not have.`);
}

function tooLargeWhenUnpacked(error: unknown): unknown {
  if (!(error instanceof CodedError) || error.code !== 'ARTIFACT_TOO_LARGE') return error;
  const setting = 'NESTOR_BATCH_UNPACKED_MAX_BYTES';
  return new CodedError('INVALID_FILE', `The rows of the Parquet file unpack to more bytes than ${setting} allows.`);
}

const givenUp = (): CodedError => new CodedError('CANCELLED', 'The batch is no longer split by this worker.');

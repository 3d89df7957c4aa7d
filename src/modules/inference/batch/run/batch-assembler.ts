import { Readable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import type { ActorContext } from '../../../../common/access/actor.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { ArtifactStore, type StoredArtifact } from '../../../../common/storage/artifact-store.js';
import { ArtifactService } from '../../../registry/artifact.service.js';
import { RegistrySnapshot } from '../../../registry/snapshot/registry-snapshot.js';
import { BatchChunkRepository } from '../batch-chunk.repository.js';
import type { ClaimedBatch } from '../batch-inference.js';
import { csvOutput } from '../output/csv-output.js';
import { ndjsonOutput } from '../output/ndjson-output.js';
import { outputColumns, type OutputRow } from '../output/output-file.js';
import { parquetOutput } from '../output/parquet-output.js';
import { decodeOutcomes } from '../row-outcome.rules.js';
import { readChunkRows, type RowSource } from './chunk-rows.js';

/** Writes the output of a batch: the outcomes of its chunks, in order, one chunk in memory at a time. */
@Injectable()
export class BatchAssembler {
  constructor(
    private readonly store: ArtifactStore,
    private readonly artifacts: ArtifactService,
    private readonly registry: RegistrySnapshot,
    private readonly chunks: BatchChunkRepository,
  ) {}

  /**
   * Doing it twice stores the same bytes, and so the same artifact.
   * @param signal gives it up.
   * @throws {CodedError} ARTIFACT_TOO_LARGE, STORAGE_FULL, ARTIFACT_CORRUPT; CANCELLED.
   */
  async assemble(batch: ClaimedBatch, signal: AbortSignal): Promise<StoredArtifact> {
    const { signature } = await this.registry.resolve(batch.workspaceId, batch);
    const columns = outputColumns(signature.outputs, batch.includeInput ? batch.columns : null);
    const rows = this.rowsOf(batch, signal);
    const outputs = {
      CSV: () => csvOutput(columns, rows),
      NDJSON: () => ndjsonOutput(rows),
      PARQUET: () => parquetOutput(columns, rows),
    };
    const source = Readable.from(outputs[batch.outputFormat](), { objectMode: false });
    try {
      const { digest, sizeBytes } = await this.artifacts.upload(contextOf(batch), source);
      return { digest, sizeBytes };
    } finally {
      source.destroy();
    }
  }

  private async *rowsOf(batch: ClaimedBatch, signal: AbortSignal): AsyncGenerator<OutputRow[], void> {
    for (let index = 0; index < (batch.chunksTotal ?? 0); index += 1) {
      if (signal.aborted) throw new CodedError('CANCELLED', 'The batch is no longer assembled by this worker.');
      const chunk = await this.chunks.resultOf(batch.id, index);
      if (chunk === undefined) throw new Error(`Chunk ${index} of batch ${batch.id} has no result.`);
      const inputs = batch.includeInput ? await readChunkRows(this.store, sourceOf(batch), chunk) : [];
      yield decodeOutcomes(chunk.result).map((outcome, offset) => ({
        row: chunk.firstRow + offset,
        input: inputs[offset]?.fields ?? null,
        outcome,
      }));
    }
  }
}

function sourceOf({ inputFormat, inputDigest, columns, rowsDigest }: ClaimedBatch): RowSource {
  return { inputFormat, columns: columns ?? [], rowsDigest: rowsDigest ?? inputDigest };
}

/** The output is stored on behalf of who submitted the batch; what they may do now was asked then. */
function contextOf({ workspaceId, requestId, requestedBy }: ClaimedBatch): ActorContext {
  return { requestId, address: null, actor: { ...requestedBy, workspaceId, role: 'SERVICE', permissions: new Set() } };
}

import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, Repository } from 'typeorm';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import type { Digest } from '../../../common/storage/digest.js';
import type { StoredArtifact } from '../../../common/storage/artifact-store.js';
import type { Delivery } from '../../../common/queue/delivery.js';
import type { ChangedBatch, ClaimedBatch, SplitFile } from './batch-inference.js';
import type { ChunkRange } from './chunk-cutter.js';
import { BatchInferenceEntity } from './entities/batch-inference.entity.js';

/** How an attempt at a step ended that did not succeed. */
export interface StepFailure {
  /** RETRY: the step is queued again. */
  readonly kind: 'RETRY' | 'FAILED';
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
  /** Whether the attempt does not count, because the step was handed back unharmed. */
  readonly isHandedBack: boolean;
}

const changed = `id, status, generation, priority`;

/** Under what a worker may still write of a batch, as SQL. */
const fence = 'id = $1 AND generation = $2 AND worker = $3';

/**
 * What workers do to batches, of all workspaces: splitting and assembling. Every statement is fenced by generation and
 * worker, so that a second run of the same step changes nothing.
 */
@Injectable()
export class BatchStepRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(BatchInferenceEntity) private readonly batches: Repository<BatchInferenceEntity>,
  ) {}

  /** Takes the step on that waits for this very delivery; counts as an attempt. */
  async claim({ id, generation }: Delivery, worker: string, leaseMs: number): Promise<ClaimedBatch | undefined> {
    const rows: readonly unknown[] = await this.dataSource.query(
      `WITH claimed AS (
         UPDATE batch_inferences
         SET status = CASE WHEN status = 'QUEUED' THEN 'SPLITTING' ELSE status END, attempts = attempts + 1,
           worker = $3, lease_until = now() + $4 * interval '1 ms', started_at = coalesce(started_at, now())
         WHERE id = $1 AND generation = $2 AND worker IS NULL AND status IN ('QUEUED', 'ASSEMBLING')
         RETURNING id)
       SELECT id FROM claimed`,
      [id, generation, worker, leaseMs],
    );
    if (rows.length === 0) return undefined;
    return (await this.batches.findOneBy({ id, generation, worker })) ?? undefined;
  }

  /** Forgets the chunks of an attempt at splitting that came to nothing. */
  async clearChunks({ id, generation, worker }: ClaimedBatch): Promise<void> {
    await this.dataSource.query(
      `WITH own AS (SELECT id FROM batch_inferences WHERE ${fence} FOR UPDATE)
       DELETE FROM batch_chunks USING own WHERE batch_id = own.id`,
      [id, generation, worker],
    );
  }

  /** @returns whether the batch was still this worker's. */
  async addChunks(
    { id, generation, worker, workspaceId }: ClaimedBatch,
    ranges: readonly ChunkRange[],
  ): Promise<boolean> {
    const column = <Key extends keyof ChunkRange>(key: Key) => ranges.map((range) => range[key]);
    const rows: readonly unknown[] = await this.dataSource.query(
      `WITH own AS (SELECT id FROM batch_inferences WHERE ${fence} FOR UPDATE),
       added AS (
         INSERT INTO batch_chunks (id, batch_id, workspace_id, index, first_row, rows, start_byte, end_byte)
         SELECT given.id, own.id, $4, given.index, given.first_row, given.rows, given.start_byte, given.end_byte
         FROM own CROSS JOIN unnest($5::uuid[], $6::int[], $7::int[], $8::int[], $9::bigint[], $10::bigint[])
           AS given (id, index, first_row, rows, start_byte, end_byte)
         RETURNING 1)
       SELECT id FROM own`,
      [
        id,
        generation,
        worker,
        workspaceId,
        ranges.map(() => randomUUID()),
        column('index'),
        column('firstRow'),
        column('rows'),
        column('startByte'),
        column('endByte'),
      ],
    );
    return rows.length === 1;
  }

  /** Writes down what is about to be stored for this batch alone. @returns whether it was still this worker's. */
  async recordSpool({ id, generation, worker }: ClaimedBatch, digest: Digest): Promise<boolean> {
    const recorded = await this.change(
      `UPDATE batch_inferences SET spool_digest = $4 WHERE ${fence} RETURNING ${changed}`,
      [id, generation, worker, digest],
    );
    return recorded !== undefined;
  }

  /** The file is split: its chunks may run. */
  async finishSplit({ id, generation, worker }: ClaimedBatch, file: SplitFile): Promise<ChangedBatch | undefined> {
    return this.change(
      `UPDATE batch_inferences
       SET status = 'RUNNING', generation = generation + 1, attempts = 0, worker = NULL, lease_until = NULL,
         columns = $4, rows_digest = $5, spool_digest = $6, rows_total = $7, chunks_total = $8, run_started_at = now()
       WHERE ${fence} RETURNING ${changed}`,
      [
        id,
        generation,
        worker,
        JSON.stringify(file.columns),
        file.rowsDigest,
        file.spoolDigest,
        file.rowsTotal,
        file.chunksTotal,
      ],
    );
  }

  /** The output is there: the batch has succeeded, and what its chunks waited with is dropped. */
  async finishAssembly(
    { id, generation, worker }: ClaimedBatch,
    output: StoredArtifact,
  ): Promise<ChangedBatch | undefined> {
    return this.change(
      `WITH ended AS (
         UPDATE batch_inferences
         SET status = 'SUCCEEDED', generation = generation + 1, worker = NULL, lease_until = NULL, output_digest = $4,
           output_size_bytes = $5, error_code = NULL, error_message = NULL, ended_at = now()
         WHERE ${fence} RETURNING ${changed}),
       dropped AS (UPDATE batch_chunks SET result = NULL FROM ended WHERE batch_id = ended.id)
       SELECT ${changed} FROM ended`,
      [id, generation, worker, output.digest, output.sizeBytes],
    );
  }

  /** Records that an attempt failed or was handed back. @returns the batch where it was still this worker's. */
  async fail({ id, generation, worker }: ClaimedBatch, failure: StepFailure): Promise<ChangedBatch | undefined> {
    const { kind, errorCode, errorMessage, delayMs, isHandedBack } = failure;
    const batch = await this.change(
      `UPDATE batch_inferences
       SET status = CASE WHEN $4 = 'FAILED' THEN 'FAILED' WHEN status = 'SPLITTING' THEN 'QUEUED' ELSE status END,
         generation = generation + 1, attempts = attempts - CASE WHEN $8 THEN 1 ELSE 0 END, worker = NULL,
         lease_until = NULL, error_code = $5, error_message = $6, available_at = now() + $7 * interval '1 ms',
         enqueued_at = now(), ended_at = CASE WHEN $4 = 'FAILED' THEN now() END
       WHERE ${fence} RETURNING ${changed}`,
      [id, generation, worker, kind, errorCode, errorMessage, delayMs, isHandedBack],
    );
    return batch === undefined ? undefined : { ...batch, delayMs };
  }

  /** Says that the worker still does these steps. @returns the ids of those that are still its own. */
  async renewLeases(ids: readonly string[], worker: string, leaseMs: number): Promise<Set<string>> {
    const rows: readonly { id: string }[] = await this.dataSource.query(
      `WITH renewed AS (
         UPDATE batch_inferences SET lease_until = now() + $3 * interval '1 ms'
         WHERE id = ANY($1::uuid[]) AND worker = $2 RETURNING id)
       SELECT id FROM renewed`,
      [ids, worker, leaseMs],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Takes steps from workers that stopped renewing: another attempt, or FAILED when none is left. */
  async takeFromLostWorkers(errorMessage: string, backoffMs: number): Promise<ChangedBatch[]> {
    return this.dataSource.query(
      `WITH changed AS (
         UPDATE batch_inferences
         SET status = CASE WHEN attempts >= max_attempts THEN 'FAILED' WHEN status = 'SPLITTING' THEN 'QUEUED'
             ELSE status END,
           generation = generation + 1, worker = NULL, lease_until = NULL, error_code = 'EXECUTOR_LOST',
           error_message = $1, available_at = now() + $2 * interval '1 ms', enqueued_at = now(),
           ended_at = CASE WHEN attempts >= max_attempts THEN now() END
         WHERE ended_at IS NULL AND worker IS NOT NULL AND lease_until < now()
         RETURNING ${changed})
       SELECT ${changed}, $2::float8 AS "delayMs" FROM changed`,
      [errorMessage, backoffMs],
    );
  }

  /** Steps that wait and were last given to the queue longer than `olderThanMs` ago, now marked as given. */
  async takeLongQueued(olderThanMs: number): Promise<ChangedBatch[]> {
    return this.dataSource.query(
      `WITH changed AS (
         UPDATE batch_inferences SET enqueued_at = now()
         WHERE ended_at IS NULL AND worker IS NULL AND status IN ('QUEUED', 'ASSEMBLING') AND available_at <= now()
           AND enqueued_at < now() - $1 * interval '1 ms'
         RETURNING ${changed})
       SELECT ${changed}, 0::float8 AS "delayMs" FROM changed`,
      [olderThanMs],
    );
  }

  /** Unpacked rows that nobody will read again: of batches that succeeded, or ended longer ago than they are kept. */
  async idleSpools(retentionDays: number, limit: number): Promise<{ id: string; spoolDigest: Digest }[]> {
    return this.dataSource.query(
      `SELECT id, spool_digest AS "spoolDigest" FROM batch_inferences
       WHERE spool_digest IS NOT NULL AND ended_at IS NOT NULL
         AND (status = 'SUCCEEDED' OR ended_at < now() - $1 * interval '1 day') LIMIT $2`,
      [retentionDays, limit],
    );
  }

  async forgetSpool(id: string): Promise<void> {
    await this.batches.update({ id }, { spoolDigest: null });
  }

  /** Deletes batches whose unpacked rows are gone already. @returns how many were deleted, `limit` at most. */
  async deleteEndedBefore(days: number, limit: number): Promise<number> {
    const rows: readonly unknown[] = await this.dataSource.query(
      `WITH old AS (
         SELECT id FROM batch_inferences
         WHERE ended_at < now() - $1 * interval '1 day' AND spool_digest IS NULL ORDER BY ended_at LIMIT $2),
       chunks AS (DELETE FROM batch_chunks USING old WHERE batch_id = old.id),
       deleted AS (DELETE FROM batch_inferences AS batch USING old WHERE batch.id = old.id RETURNING batch.id)
       SELECT id FROM deleted`,
      [days, limit],
    );
    return rows.length;
  }

  private async change(statement: string, parameters: readonly unknown[]): Promise<ChangedBatch | undefined> {
    const sql = statement.startsWith('WITH')
      ? statement
      : `WITH changed AS (${statement}) SELECT ${changed} FROM changed`;
    const [row]: readonly Omit<ChangedBatch, 'delayMs'>[] = await this.dataSource.query(sql, [...parameters]);
    return row === undefined ? undefined : { ...row, delayMs: 0 };
  }
}

import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import type { Delivery, QueuedDelivery } from '../../../common/queue/delivery.js';
import type { ChangedBatch, ClaimedChunk } from './batch-inference.js';

/** How an attempt at a chunk ended that did not succeed. */
export interface ChunkFailure {
  /** QUEUED: another attempt. FAILED: the batch fails with it. */
  readonly status: 'QUEUED' | 'FAILED';
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
  /** Whether the attempt does not count, because the chunk was handed back unharmed. */
  readonly isHandedBack: boolean;
}

/** The one statement under which a batch fails with one of its chunks, as SQL. */
const failBatch = `
  UPDATE batch_inferences AS batch
  SET status = 'FAILED', error_code = failed.error_code,
    error_message = 'Rows ' || failed.first_row || ' to ' || (failed.first_row + failed.rows - 1) || ': '
      || failed.error_message,
    generation = batch.generation + 1, run_ended_at = now(), ended_at = now()
  FROM failed WHERE batch.id = failed.batch_id AND batch.status = 'RUNNING'
  RETURNING batch.id, batch.status, batch.generation, batch.priority, 0::float8 AS "delayMs"`;

/**
 * What workers do to chunks, of all workspaces: they act for Nestor, on ids that the queue handed to them. Every statement
 * is fenced by generation and worker, so that a second run of the same chunk changes nothing.
 */
@Injectable()
export class BatchChunkRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /** Takes a chunk on that waits for this very delivery while its batch runs; counts as an attempt. */
  async claim({ id, generation }: Delivery, worker: string, leaseMs: number): Promise<ClaimedChunk | undefined> {
    const [chunk]: readonly ClaimedChunk[] = await this.dataSource.query(
      `WITH claimed AS (
         UPDATE batch_chunks AS chunk
         SET status = 'RUNNING', attempts = chunk.attempts + 1, worker = $3, lease_until = now() + $4 * interval '1 ms'
         FROM batch_inferences AS batch
         WHERE chunk.id = $1 AND chunk.generation = $2 AND chunk.status = 'QUEUED'
           AND batch.id = chunk.batch_id AND batch.status = 'RUNNING'
         RETURNING chunk.*)
       SELECT claimed.id, claimed.generation, claimed.batch_id AS "batchId", claimed.workspace_id AS "workspaceId", index,
         first_row AS "firstRow", rows, start_byte::float8 AS "startByte", end_byte::float8 AS "endByte",
         claimed.attempts AS attempt, max_attempts AS "maxAttempts", priority, model, version,
         input_format AS "inputFormat", columns, rows_digest AS "rowsDigest"
       FROM claimed JOIN batch_inferences AS batch ON batch.id = claimed.batch_id`,
      [id, generation, worker, leaseMs],
    );
    return chunk;
  }

  /**
   * Keeps the outcomes of a chunk, once, and counts them to the batch; with the last one the batch is to be assembled.
   * @returns the batch, or undefined where the chunk was no longer this worker's.
   */
  async succeed(
    { id, generation }: Delivery,
    worker: string,
    result: Buffer,
    rowsFailed: number,
  ): Promise<ChangedBatch | undefined> {
    const [changed]: readonly ChangedBatch[] = await this.dataSource.query(
      `WITH done AS (
         UPDATE batch_chunks
         SET status = 'SUCCEEDED', result = $4, rows_failed = $5, worker = NULL, lease_until = NULL, ended_at = now(),
           error_code = NULL, error_message = NULL
         WHERE id = $1 AND generation = $2 AND worker = $3
         RETURNING batch_id, rows, rows_failed),
       counted AS (
         UPDATE batch_inferences AS batch
         SET chunks_done = batch.chunks_done + 1, rows_done = batch.rows_done + done.rows,
           rows_failed = batch.rows_failed + done.rows_failed,
           status = CASE WHEN batch.status = 'RUNNING' AND batch.chunks_done + 1 = batch.chunks_total
             THEN 'ASSEMBLING' ELSE batch.status END,
           generation = batch.generation
             + CASE WHEN batch.status = 'RUNNING' AND batch.chunks_done + 1 = batch.chunks_total THEN 1 ELSE 0 END,
           attempts = 0, run_ended_at = CASE WHEN batch.status = 'RUNNING' AND batch.chunks_done + 1 = batch.chunks_total
             THEN now() ELSE batch.run_ended_at END,
           available_at = now(), enqueued_at = now()
         FROM done WHERE batch.id = done.batch_id
         RETURNING batch.*)
       SELECT id, status, generation, priority, 0::float8 AS "delayMs" FROM counted`,
      [id, generation, worker, result, rowsFailed],
    );
    return changed;
  }

  /** Records that an attempt failed or was handed back. @returns the chunk's next turn and the batch, where they changed. */
  async fail(
    { id, generation }: Delivery,
    worker: string,
    failure: ChunkFailure,
  ): Promise<{ next: QueuedDelivery | undefined; batch: ChangedBatch | undefined }> {
    const { status, errorCode, errorMessage, delayMs, isHandedBack } = failure;
    const rows: readonly (QueuedDelivery & { batch: ChangedBatch | null })[] = await this.dataSource.query(
      `WITH changed AS (
         UPDATE batch_chunks AS chunk
         SET status = $4::text, error_code = $5, error_message = $6, worker = NULL, lease_until = NULL,
           generation = chunk.generation + 1, attempts = chunk.attempts - CASE WHEN $8::boolean THEN 1 ELSE 0 END,
           available_at = now() + $7 * interval '1 ms', enqueued_at = now(),
           ended_at = CASE WHEN $4::text = 'FAILED' THEN now() END
         WHERE id = $1 AND generation = $2 AND worker = $3
         RETURNING chunk.*),
       failed AS (SELECT * FROM changed WHERE status = 'FAILED'),
       ended AS (${failBatch})
       SELECT changed.id, changed.generation, batch.priority, $7::float8 AS "delayMs",
         (SELECT to_json(ended) FROM ended) AS batch
       FROM changed JOIN batch_inferences AS batch ON batch.id = changed.batch_id`,
      [id, generation, worker, status, errorCode, errorMessage, delayMs, isHandedBack],
    );
    const [row] = rows;
    return { next: status === 'QUEUED' ? row : undefined, batch: row?.batch ?? undefined };
  }

  /** Says that the worker still runs these chunks. @returns the ids of those that are still its own and still wanted. */
  async renewLeases(ids: readonly string[], worker: string, leaseMs: number): Promise<Set<string>> {
    const rows: readonly { id: string }[] = await this.dataSource.query(
      `WITH renewed AS (
         UPDATE batch_chunks AS chunk SET lease_until = now() + $3 * interval '1 ms'
         FROM batch_inferences AS batch
         WHERE chunk.id = ANY($1::uuid[]) AND chunk.worker = $2
           AND batch.id = chunk.batch_id AND batch.status = 'RUNNING'
         RETURNING chunk.id)
       SELECT id FROM renewed`,
      [ids, worker, leaseMs],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Chunks of a batch that wait, in their order, from one on. */
  async waiting(batchId: string, fromIndex: number, limit: number): Promise<(QueuedDelivery & { index: number })[]> {
    return this.dataSource.query(
      `SELECT chunk.id, chunk.generation, batch.priority, chunk.index, 0::float8 AS "delayMs"
       FROM batch_chunks AS chunk JOIN batch_inferences AS batch ON batch.id = chunk.batch_id
       WHERE chunk.batch_id = $1 AND chunk.index >= $2 AND chunk.status = 'QUEUED' ORDER BY chunk.index LIMIT $3`,
      [batchId, fromIndex, limit],
    );
  }

  /** The outcomes of one chunk, and where its rows are. */
  async resultOf(batchId: string, index: number): Promise<ChunkResult | undefined> {
    const [chunk]: readonly ChunkResult[] = await this.dataSource.query(
      `SELECT first_row AS "firstRow", rows, start_byte::float8 AS "startByte", end_byte::float8 AS "endByte", result
       FROM batch_chunks WHERE batch_id = $1 AND index = $2 AND status = 'SUCCEEDED'`,
      [batchId, index],
    );
    return chunk;
  }

  /** Takes chunks from workers that stopped renewing: another attempt, or FAILED with the batch when none is left. */
  async takeFromLostWorkers(
    errorMessage: string,
    backoffMs: number,
    limit: number,
  ): Promise<{ next: QueuedDelivery[]; batches: ChangedBatch[]; taken: number }> {
    const rows: readonly (QueuedDelivery & { status: string; batch: ChangedBatch | null })[] =
      await this.dataSource.query(
        `WITH lost AS (
           SELECT chunk.id, chunk.attempts >= batch.max_attempts AS is_last, batch.priority
           FROM batch_chunks AS chunk JOIN batch_inferences AS batch ON batch.id = chunk.batch_id
           WHERE chunk.status = 'RUNNING' AND chunk.lease_until < now()
           ORDER BY chunk.lease_until LIMIT $3 FOR UPDATE OF chunk SKIP LOCKED),
         changed AS (
           UPDATE batch_chunks AS chunk
           SET status = CASE WHEN lost.is_last THEN 'FAILED' ELSE 'QUEUED' END, generation = chunk.generation + 1,
             worker = NULL, lease_until = NULL, error_code = 'EXECUTOR_LOST', error_message = $1,
             available_at = now() + $2 * interval '1 ms', enqueued_at = now(),
             ended_at = CASE WHEN lost.is_last THEN now() END
           FROM lost WHERE chunk.id = lost.id
           RETURNING chunk.*, lost.priority),
         failed AS (SELECT DISTINCT ON (batch_id) * FROM changed WHERE status = 'FAILED' ORDER BY batch_id, index),
         ended AS (${failBatch})
         SELECT changed.id, changed.generation, changed.status, changed.priority, $2::float8 AS "delayMs",
           to_json(ended) AS batch
         FROM changed LEFT JOIN ended ON ended.id = changed.batch_id`,
        [errorMessage, backoffMs, limit],
      );
    return {
      next: rows.filter(({ status }) => status === 'QUEUED'),
      batches: rows.flatMap(({ batch }) => batch ?? []),
      taken: rows.length,
    };
  }

  /** Waiting chunks of running batches that were last given to the queue longer than `olderThanMs` ago. */
  async takeLongQueued(olderThanMs: number, limit: number): Promise<QueuedDelivery[]> {
    return this.dataSource.query(
      `WITH stale AS (
         SELECT chunk.id, batch.priority
         FROM batch_chunks AS chunk JOIN batch_inferences AS batch ON batch.id = chunk.batch_id
         WHERE chunk.status = 'QUEUED' AND chunk.enqueued_at < now() - $1 * interval '1 ms'
           AND chunk.available_at <= now() AND batch.status = 'RUNNING'
         ORDER BY chunk.enqueued_at LIMIT $2 FOR UPDATE OF chunk SKIP LOCKED),
       changed AS (
         UPDATE batch_chunks AS chunk SET enqueued_at = now() FROM stale WHERE chunk.id = stale.id
         RETURNING chunk.id, chunk.generation, stale.priority)
       SELECT id, generation, priority, 0::float8 AS "delayMs" FROM changed`,
      [olderThanMs, limit],
    );
  }

  /** Chunks of running batches that wait for a worker. */
  async countWaiting(): Promise<number> {
    const [row]: readonly { count: number }[] = await this.dataSource.query(
      `SELECT count(*)::int AS count FROM batch_chunks AS chunk
       JOIN batch_inferences AS batch ON batch.id = chunk.batch_id
       WHERE chunk.status = 'QUEUED' AND batch.status = 'RUNNING'`,
    );
    return row?.count ?? 0;
  }
}

/** What the output needs of a chunk. */
export interface ChunkResult {
  readonly firstRow: number;
  readonly rows: number;
  readonly startByte: number;
  readonly endByte: number;
  readonly result: Buffer;
}

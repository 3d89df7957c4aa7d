import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import type { Delivery, QueuedDelivery } from '../../../common/queue/delivery.js';
import type { JobStatus } from './job-state.rules.js';

/** A job that this worker has taken on. */
export interface ClaimedJob extends Delivery {
  readonly workspaceId: string;
  readonly model: string;
  readonly version: number;
  readonly attempt: number;
  readonly maxAttempts: number;
  readonly priority: number;
  readonly timeoutMs: number;
  readonly payload: Buffer;
  /** Time from when it could run to when it was taken, in milliseconds. */
  readonly waitedMs: number;
}

/** How an attempt ended. */
export interface Completion extends Delivery {
  readonly attempt: number;
  readonly status: JobStatus;
  readonly result: Buffer | null;
  readonly executor: string | null;
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  /** For QUEUED: milliseconds until the next attempt. */
  readonly delayMs: number;
  /** For QUEUED: whether this attempt does not count, because the job was handed back unharmed. */
  readonly isHandedBack: boolean;
}

export interface ChangedJob extends QueuedDelivery {
  readonly status: JobStatus;
}

export interface LostJobPolicy {
  readonly errorCode: ErrorCode;
  readonly errorMessage: string;
  readonly backoffMs: number;
}

/**
 * What workers do to jobs, of all workspaces: they act for Nestor, on ids that the queue handed to them. Every
 * statement is fenced by generation, attempt and worker, so that a second run of the same job changes nothing.
 */
@Injectable()
export class JobExecutionRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  /**
   * Takes the jobs on that still wait for this very delivery; the others are left out. Each counts as an attempt.
   * That a job waits (no worker, no end) is not asked by its status: PostgreSQL would take the index of all that wait
   * and read it to its end for each group.
   * Its commit does not wait for the disk: were it lost in a crash of PostgreSQL, the jobs would still be QUEUED, what
   * this worker then says of them would be fenced off, and they would run again. Only results must be durable.
   */
  async claim(deliveries: readonly Delivery[], worker: string, leaseMs: number): Promise<Map<string, ClaimedJob>> {
    const rows: readonly ClaimedJob[] = await this.dataSource.query(
      `WITH no_wait AS (SELECT set_config('synchronous_commit', 'off', true) AS setting),
       claimed AS (
         UPDATE inference_jobs AS job
         SET status = 'RUNNING', attempts = job.attempts + 1, worker = $3, lease_until = now() + $4 * interval '1 ms',
             pack = NULL,
             started_at = coalesce(job.started_at, now())
         FROM unnest($1::uuid[], $2::int[]) AS delivery (id, generation)
         WHERE job.id = delivery.id AND job.generation = delivery.generation
           AND job.worker IS NULL AND job.ended_at IS NULL
         RETURNING job.*)
       SELECT id, generation, workspace_id AS "workspaceId", model, version, attempts AS attempt,
         max_attempts AS "maxAttempts", priority, timeout_ms AS "timeoutMs", payload,
         greatest(0, extract(epoch FROM now() - available_at) * 1000)::float8 AS "waitedMs"
       FROM claimed CROSS JOIN no_wait`,
      [deliveries.map(({ id }) => id), deliveries.map(({ generation }) => generation), worker, leaseMs],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Records how attempts ended. @returns the jobs that were still this worker's, as they now are. */
  async complete(completions: readonly Completion[], worker: string): Promise<Map<string, ChangedJob>> {
    const column = <Key extends keyof Completion>(key: Key) => completions.map((completion) => completion[key]);
    const rows: readonly ChangedJob[] = await this.dataSource.query(
      `WITH changed AS (
         UPDATE inference_jobs AS job
         SET status = ended.status, result = ended.result, executor = coalesce(ended.executor, job.executor),
             error_code = ended.error_code, error_message = ended.error_message, worker = NULL, lease_until = NULL,
             generation = job.generation + CASE WHEN ended.status = 'QUEUED' THEN 1 ELSE 0 END,
             attempts = job.attempts - CASE WHEN ended.is_handed_back THEN 1 ELSE 0 END,
             available_at = now() + ended.delay_ms * interval '1 ms', enqueued_at = now(),
             ended_at = CASE WHEN ended.status = 'QUEUED' THEN NULL ELSE now() END,
             payload = CASE WHEN ended.status = 'SUCCEEDED' THEN NULL ELSE job.payload END
         FROM unnest($1::uuid[], $2::int[], $3::int[], $4::text[], $5::bytea[], $6::text[], $7::text[], $8::text[],
           $9::float8[], $10::boolean[])
           AS ended (id, generation, attempt, status, result, executor, error_code, error_message, delay_ms, is_handed_back)
         WHERE job.id = ended.id AND job.generation = ended.generation AND job.attempts = ended.attempt
           AND job.worker = $11
         RETURNING job.id, job.generation, job.status, job.priority, ended.delay_ms)
       SELECT id, generation, status, priority, delay_ms AS "delayMs" FROM changed`,
      [
        column('id'),
        column('generation'),
        column('attempt'),
        column('status'),
        column('result'),
        column('executor'),
        column('errorCode'),
        column('errorMessage'),
        column('delayMs'),
        column('isHandedBack'),
        worker,
      ],
    );
    return new Map(rows.map((row) => [row.id, row]));
  }

  /** Says that the worker still runs these jobs. @returns the ids of those that are still its own. */
  async renewLeases(ids: readonly string[], worker: string, leaseMs: number): Promise<Set<string>> {
    const rows: readonly { id: string }[] = await this.dataSource.query(
      `WITH renewed AS (
         UPDATE inference_jobs SET lease_until = now() + $3 * interval '1 ms'
         WHERE id = ANY($1::uuid[]) AND worker = $2 RETURNING id)
       SELECT id FROM renewed`,
      [ids, worker, leaseMs],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Takes jobs from workers that stopped renewing: another attempt, or DEAD when none is left. */
  async takeFromLostWorkers(policy: LostJobPolicy, limit: number): Promise<ChangedJob[]> {
    return this.dataSource.query(
      `WITH lost AS (
         SELECT id FROM inference_jobs WHERE status = 'RUNNING' AND lease_until < now()
         ORDER BY lease_until LIMIT $4 FOR UPDATE SKIP LOCKED),
       changed AS (
         UPDATE inference_jobs AS job
         SET status = CASE WHEN job.attempts >= job.max_attempts THEN 'DEAD' ELSE 'QUEUED' END,
             generation = job.generation + 1, worker = NULL, lease_until = NULL,
             error_code = $1, error_message = $2, available_at = now() + $3 * interval '1 ms', enqueued_at = now(),
             ended_at = CASE WHEN job.attempts >= job.max_attempts THEN now() END
         FROM lost WHERE job.id = lost.id
         RETURNING job.id, job.generation, job.status, job.priority)
       SELECT id, generation, status, priority, $3::float8 AS "delayMs" FROM changed`,
      [policy.errorCode, policy.errorMessage, policy.backoffMs, limit],
    );
  }

  /**
   * Waiting jobs that were last given to the queue longer than `olderThanMs` ago, longest first, now marked as given.
   * @param limit of those that were given at one moment, which all packs are, none is left behind.
   */
  async takeLongQueued(olderThanMs: number, limit: number): Promise<QueuedDelivery[]> {
    return this.dataSource.query(
      `WITH oldest AS (
         SELECT enqueued_at FROM inference_jobs
         WHERE status = 'QUEUED' AND enqueued_at < now() - $1 * interval '1 ms' AND available_at <= now()
         ORDER BY enqueued_at LIMIT $2),
       stale AS (
         SELECT id FROM inference_jobs
         WHERE status = 'QUEUED' AND enqueued_at <= (SELECT max(enqueued_at) FROM oldest) AND available_at <= now()
         FOR UPDATE SKIP LOCKED),
       changed AS (
         UPDATE inference_jobs AS job SET enqueued_at = now() FROM stale WHERE job.id = stale.id
         RETURNING job.id, job.generation, job.priority, job.pack)
       SELECT id, generation, priority, pack, 0::float8 AS "delayMs" FROM changed`,
      [olderThanMs, limit],
    );
  }

  /** Queue jobs that bring all that waits: one for each pack and for each turn that travels alone. */
  async countQueueJobs(): Promise<number> {
    const [row]: readonly { count: number }[] = await this.dataSource.query(
      `SELECT count(*)::int AS count
       FROM (SELECT DISTINCT coalesce(pack, id) FROM inference_jobs WHERE status = 'QUEUED') AS queue_job`,
    );
    return row?.count ?? 0;
  }

  /** Jobs of one state, of all workspaces. */
  async count(status: JobStatus): Promise<number> {
    const [row]: readonly { count: number }[] = await this.dataSource.query(
      'SELECT count(*)::int AS count FROM inference_jobs WHERE status = $1',
      [status],
    );
    return row?.count ?? 0;
  }

  /** @returns how many were deleted, `limit` at most. */
  async deleteEndedBefore(days: number, limit: number): Promise<number> {
    const rows: readonly unknown[] = await this.dataSource.query(
      `WITH deleted AS (
         DELETE FROM inference_jobs WHERE id IN (
           SELECT id FROM inference_jobs WHERE ended_at < now() - $1 * interval '1 day' ORDER BY ended_at LIMIT $2)
         RETURNING id)
       SELECT id FROM deleted`,
      [days, limit],
    );
    return rows.length;
  }
}

import type { DataSource, EntityManager } from 'typeorm';
import type { ErrorCode } from '../errors/error-table.js';
import type { Delivery, QueuedDelivery } from './delivery.js';

/** Work that a worker has taken on: its row, at a generation. */
export interface Lease extends Delivery {
  readonly worker: string;
}

/** How an attempt ended that did not succeed. */
export interface LeasedFailure {
  /** `FAILED` is the end; after `RETRY` another attempt follows. */
  readonly kind: 'RETRY' | 'FAILED';
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
  /** Whether the attempt does not count, because the work was handed back unharmed. */
  readonly isHandedBack: boolean;
}

/** Work that a stopping worker gives back. */
export const handedBack: LeasedFailure = {
  kind: 'RETRY',
  errorCode: null,
  errorMessage: null,
  delayMs: 0,
  isHandedBack: true,
};

const LOST = 'The worker that had this ended, or was cut off, before it could record the result.';

const released = 'worker = NULL, lease_until = NULL, phase = NULL';

/**
 * What workers do to the rows of a table whose work goes through a queue. Its columns are `id`, `status` (`QUEUED`,
 * `RUNNING`, `SUCCEEDED`, `FAILED`, `CANCELLED`), `phase` (what it is at while it runs), `generation`, `attempts`,
 * `max_attempts`, `worker`, `lease_until`, `error_code`, `error_message`, `available_at`, `enqueued_at`, `started_at` and
 * `ended_at`. Every statement is fenced by generation and worker, so that a second run of the same turn changes nothing.
 */
export class LeasedRows {
  /** @param table its name: SQL of ours. */
  constructor(
    private readonly dataSource: DataSource,
    private readonly table: string,
  ) {}

  /** Takes on the row that waits for this very delivery. */
  async claim({ id, generation }: Delivery, worker: string, leaseMs: number): Promise<Lease | undefined> {
    const turns = await this.turns(
      `UPDATE ${this.table}
       SET status = 'RUNNING', attempts = attempts + 1, worker = $3, lease_until = now() + $4 * interval '1 ms',
         started_at = coalesce(started_at, now())
       WHERE id = $1 AND generation = $2 AND status = 'QUEUED' RETURNING id, generation`,
      [id, generation, worker, leaseMs],
    );
    return turns.length === 0 ? undefined : { id, generation, worker };
  }

  /** Says that the worker still runs these. @returns the ids of those that are still its own. */
  async renew(ids: readonly string[], worker: string, leaseMs: number): Promise<Set<string>> {
    const turns = await this.turns(
      `UPDATE ${this.table} SET lease_until = now() + $3 * interval '1 ms'
       WHERE id = ANY($1::uuid[]) AND worker = $2 RETURNING id, generation`,
      [ids, worker, leaseMs],
    );
    return new Set(turns.map(({ id }) => id));
  }

  async progress({ id, generation, worker }: Lease, phase: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE ${this.table} SET phase = $4 WHERE id = $1 AND generation = $2 AND worker = $3`,
      [id, generation, worker, phase],
    );
  }

  /**
   * @param changes values of further columns by their names, which are SQL of ours.
   * @returns whether it was still this worker's; a transaction in which it was not must come to nothing.
   */
  async succeed(
    manager: EntityManager,
    { id, generation, worker }: Lease,
    changes: Readonly<Record<string, unknown>>,
  ): Promise<boolean> {
    const assigned = Object.keys(changes).map((column, at) => `${column} = $${at + 4}`);
    const rows: readonly unknown[] = await manager.query(
      `WITH done AS (
         UPDATE ${this.table}
         SET ${[...assigned, released].join(', ')}, status = 'SUCCEEDED', error_code = NULL, error_message = NULL,
           ended_at = now()
         WHERE id = $1 AND generation = $2 AND worker = $3 RETURNING id)
       SELECT id FROM done`,
      [id, generation, worker, ...Object.values(changes)],
    );
    return rows.length === 1;
  }

  /** @returns whether it had not ended; what works on it gives it up. */
  async cancel(manager: EntityManager, id: string): Promise<boolean> {
    const rows: readonly unknown[] = await manager.query(
      `WITH cancelled AS (
         UPDATE ${this.table}
         SET status = 'CANCELLED', generation = generation + 1, ${released}, error_code = NULL, error_message = NULL,
           ended_at = now()
         WHERE id = $1 AND status IN ('QUEUED', 'RUNNING') RETURNING id)
       SELECT id FROM cancelled`,
      [id],
    );
    return rows.length === 1;
  }

  /** Records that an attempt failed or was handed back. @returns its next turn, where there is one. */
  async fail({ id, generation, worker }: Lease, failure: LeasedFailure): Promise<QueuedDelivery | undefined> {
    const { kind, errorCode, errorMessage, delayMs, isHandedBack } = failure;
    const [next] = await this.turns(
      `UPDATE ${this.table}
       SET status = CASE WHEN $4 = 'FAILED' THEN 'FAILED' ELSE 'QUEUED' END, generation = generation + 1,
         attempts = attempts - CASE WHEN $8 THEN 1 ELSE 0 END, ${released}, error_code = $5, error_message = $6,
         available_at = now() + $7 * interval '1 ms', enqueued_at = now(), ended_at = CASE WHEN $4 = 'FAILED' THEN now() END
       WHERE id = $1 AND generation = $2 AND worker = $3 RETURNING id, generation`,
      [id, generation, worker, kind, errorCode, errorMessage, delayMs, isHandedBack],
    );
    return next !== undefined && kind === 'RETRY' ? { ...next, delayMs } : undefined;
  }

  /**
   * Takes rows from workers that stopped renewing: another attempt, or FAILED when none is left.
   * @returns the turns that are next.
   */
  async takeFromLostWorkers(): Promise<QueuedDelivery[]> {
    return this.turns(
      `WITH taken AS (
         UPDATE ${this.table}
         SET status = CASE WHEN attempts >= max_attempts THEN 'FAILED' ELSE 'QUEUED' END, generation = generation + 1,
           ${released}, error_code = 'EXECUTOR_LOST', error_message = $1, enqueued_at = now(),
           ended_at = CASE WHEN attempts >= max_attempts THEN now() END
         WHERE status = 'RUNNING' AND lease_until < now() RETURNING id, generation, status)
       SELECT id, generation FROM taken WHERE status = 'QUEUED'`,
      [LOST],
    );
  }

  /** Rows that wait and were last given to the queue longer than `olderThanMs` ago, now marked as given. */
  async takeLongQueued(olderThanMs: number): Promise<QueuedDelivery[]> {
    return this.turns(
      `UPDATE ${this.table} SET enqueued_at = now()
       WHERE status = 'QUEUED' AND available_at <= now() AND enqueued_at < now() - $1 * interval '1 ms'
       RETURNING id, generation`,
      [olderThanMs],
    );
  }

  /** @param statement ends in the ids and generations of rows: a `RETURNING`, or a `SELECT`. */
  private async turns(statement: string, parameters: readonly unknown[]): Promise<QueuedDelivery[]> {
    const query = statement.startsWith('WITH') ? statement : `WITH changed AS (${statement}) SELECT * FROM changed`;
    const rows: readonly Delivery[] = await this.dataSource.query(query, [...parameters]);
    return rows.map(({ id, generation }) => ({ id, generation, priority: 0, delayMs: 0 }));
  }
}

import type { DataSource, EntityTarget, FindOptionsWhere } from 'typeorm';
import { isUniqueViolation } from '../database/database-errors.rules.js';
import type { Transaction } from '../database/transaction.js';
import type { ErrorCode } from '../errors/error-table.js';
import type { Delivery, QueuedDelivery } from './delivery.js';
import type { StatusChange } from '../notifications/row-changes.rules.js';
import type { LeasedRowAnnouncements } from './leased-row-announcements.js';
import type { LeasedRowEntity, LeasedRowStatus } from './leased-row.entity.js';

/** Work that a worker has taken on: its row, at a generation. */
export interface Lease extends Delivery {
  readonly worker: string;
}

/** A row whose work a worker has taken on. */
export type Claimed<Row> = Row & Lease;

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

/** What is particular to a table. All names are SQL of ours. */
export interface LeasedTable<Row extends LeasedRowEntity> {
  readonly entity: EntityTarget<Row>;
  /** What a row is at that was just taken on, or null; absent where the table has no column `phase`. */
  readonly firstPhase?: string | null;
  /** Of the rows with the same value of a column one runs at a time, the oldest first, as a unique index sees to. */
  readonly oneAtATime?: { readonly column: string; readonly index: string };
}

/** Values of columns by their names, which are SQL of ours. */
type Changes = Readonly<Record<string, unknown>>;

/** A row as a statement left it. */
type Changed = Delivery & StatusChange<LeasedRowStatus>;

const LOST = 'The worker that had this ended, or was cut off, before it could record the result.';

/** Under what a worker may still write of its row. */
const fence = 'id = $1 AND generation = $2 AND worker = $3';

const fenceOf = ({ id, generation, worker }: Lease): [string, number, string] => [id, generation, worker];

/** @returns assignments whose values are the parameters after those of the fence. */
const assigned = (changes: Changes): string[] => Object.keys(changes).map((column, at) => `${column} = $${at + 4}`);

/**
 * What workers do to the rows of a table whose work goes through a queue, of all workspaces. Every statement is fenced by
 * generation and worker, so that a second run of the same turn changes nothing; each change that can be seen is announced.
 */
export class LeasedRows<Row extends LeasedRowEntity> {
  private readonly table: string;
  private readonly released: string;

  constructor(
    private readonly dataSource: DataSource,
    private readonly announcements: LeasedRowAnnouncements,
    private readonly of: LeasedTable<Row>,
  ) {
    this.table = dataSource.getMetadata(of.entity).tableName;
    this.released = `worker = NULL, lease_until = NULL${of.firstPhase === undefined ? '' : ', phase = NULL'}`;
  }

  /** Takes on the row that waits for this very delivery, if no other one has to come first. */
  async claim({ id, generation }: Delivery, worker: string, leaseMs: number): Promise<Claimed<Row> | undefined> {
    const { firstPhase, oneAtATime } = this.of;
    const parameters = [id, generation, worker, leaseMs, ...(firstPhase === undefined ? [] : [firstPhase])];
    try {
      const claimed = await this.change(
        `UPDATE ${this.table} AS own
         SET status = 'RUNNING', attempts = attempts + 1, worker = $3, lease_until = now() + $4 * interval '1 ms',
           started_at = coalesce(started_at, now())${firstPhase === undefined ? '' : ', phase = $5'}
         WHERE id = $1 AND generation = $2 AND status = 'QUEUED'${this.isFirst()}`,
        parameters,
      );
      if (claimed.length === 0) return undefined;
    } catch (error) {
      // Two workers took on two of them at the same moment: one of them did not.
      if (oneAtATime !== undefined && isUniqueViolation(error, oneAtATime.index)) return undefined;
      throw error;
    }
    const where = { id, generation, worker } as FindOptionsWhere<Row>;
    const row = await this.dataSource.manager.findOneBy(this.of.entity, where);
    return row === null ? undefined : Object.assign(row, { worker });
  }

  /** Says that the worker still runs these. @returns the ids of those that are still its own. */
  async renew(ids: readonly string[], worker: string, leaseMs: number): Promise<Set<string>> {
    const renewed = await this.returned<Delivery>(
      `UPDATE ${this.table} SET lease_until = now() + $3 * interval '1 ms'
       WHERE id = ANY($1::uuid[]) AND worker = $2 RETURNING id`,
      [ids, worker, leaseMs],
    );
    return new Set(renewed.map(({ id }) => id));
  }

  /** Records how far it has come. @returns whether it was still this worker's. */
  async progress(lease: Lease, changes: Changes): Promise<boolean> {
    const changed = await this.change(`UPDATE ${this.table} SET ${assigned(changes).join(', ')} WHERE ${fence}`, [
      ...fenceOf(lease),
      ...Object.values(changes),
    ]);
    return changed.length === 1;
  }

  /** @returns whether it was still this worker's; a transaction in which it was not must come to nothing. */
  async succeed(transaction: Transaction, lease: Lease, changes: Changes = {}): Promise<boolean> {
    return this.end(lease, { ...changes, status: 'SUCCEEDED', error_code: null, error_message: null }, transaction);
  }

  /** @param changes how it ended. @returns whether it was still this worker's. */
  async end(lease: Lease, changes: Changes, transaction?: Transaction): Promise<boolean> {
    const changed = await this.change(
      `UPDATE ${this.table} SET ${[...assigned(changes), this.released].join(', ')}, ended_at = now() WHERE ${fence}`,
      [...fenceOf(lease), ...Object.values(changes)],
      transaction,
    );
    return changed.length === 1;
  }

  /** @returns whether it had not ended; what works on it gives it up. */
  async cancel(transaction: Transaction, workspaceId: string, id: string): Promise<boolean> {
    const changed = await this.change(
      `UPDATE ${this.table}
       SET status = 'CANCELLED', generation = generation + 1, ${this.released}, error_code = NULL, error_message = NULL,
         ended_at = now()
       WHERE workspace_id = $1 AND id = $2 AND status IN ('QUEUED', 'RUNNING')`,
      [workspaceId, id],
      transaction,
    );
    return changed.length === 1;
  }

  /** Records that an attempt failed or was handed back. @returns its next turn, where there is one. */
  async fail(lease: Lease, failure: LeasedFailure): Promise<QueuedDelivery | undefined> {
    const { kind, errorCode, errorMessage, delayMs, isHandedBack } = failure;
    const [next] = await this.change(
      `UPDATE ${this.table}
       SET status = CASE WHEN $4 = 'FAILED' THEN 'FAILED' ELSE 'QUEUED' END, generation = generation + 1,
         attempts = attempts - CASE WHEN $8 THEN 1 ELSE 0 END, ${this.released}, error_code = $5, error_message = $6,
         available_at = now() + $7 * interval '1 ms', enqueued_at = now(), ended_at = CASE WHEN $4 = 'FAILED' THEN now() END
       WHERE ${fence}`,
      [...fenceOf(lease), kind, errorCode, errorMessage, delayMs, isHandedBack],
    );
    return next !== undefined && kind === 'RETRY' ? { ...turnOf(next), delayMs } : undefined;
  }

  /** The turns that this one kept from running: the oldest that waits of those beside it, now marked as given to the queue. */
  async takeNextBeside({ id }: Lease): Promise<QueuedDelivery[]> {
    if (this.of.oneAtATime === undefined) return [];
    const { column } = this.of.oneAtATime;
    const next = await this.returned<Delivery>(
      `UPDATE ${this.table} SET enqueued_at = now()
       WHERE id = (SELECT id FROM ${this.table}
         WHERE ${column} = (SELECT ${column} FROM ${this.table} WHERE id = $1)
           AND status = 'QUEUED' AND available_at <= now() ORDER BY created_at, id LIMIT 1)
       RETURNING id, generation`,
      [id],
    );
    return next.map(turnOf);
  }

  /**
   * Takes rows from workers that stopped renewing: another attempt, or FAILED when none is left.
   * @returns the turns that are next.
   */
  async takeFromLostWorkers(): Promise<QueuedDelivery[]> {
    const taken = await this.change(
      `UPDATE ${this.table}
       SET status = CASE WHEN attempts >= max_attempts THEN 'FAILED' ELSE 'QUEUED' END, generation = generation + 1,
         ${this.released}, error_code = 'EXECUTOR_LOST', error_message = $1, enqueued_at = now(),
         ended_at = CASE WHEN attempts >= max_attempts THEN now() END
       WHERE status = 'RUNNING' AND lease_until < now()`,
      [LOST],
    );
    return taken.filter(({ status }) => status === 'QUEUED').map(turnOf);
  }

  /** Rows that wait and were last given to the queue longer than `olderThanMs` ago, now marked as given. */
  async takeLongQueued(olderThanMs: number): Promise<QueuedDelivery[]> {
    const taken = await this.returned<Delivery>(
      `UPDATE ${this.table} SET enqueued_at = now()
       WHERE status = 'QUEUED' AND available_at <= now() AND enqueued_at < now() - $1 * interval '1 ms'
       RETURNING id, generation`,
      [olderThanMs],
    );
    return taken.map(turnOf);
  }

  /** Sends what was not announced yet: for a process that ends. */
  async announceNow(): Promise<void> {
    await this.announcements.flush();
  }

  /** Whether a row, `own`, is the first that waits of those beside it, and none of them runs: the end of a condition. */
  private isFirst(): string {
    if (this.of.oneAtATime === undefined) return '';
    const { column } = this.of.oneAtATime;
    return ` AND NOT EXISTS (
      SELECT 1 FROM ${this.table} AS other
      WHERE other.${column} = own.${column} AND other.id <> own.id AND (other.status = 'RUNNING'
        OR other.status = 'QUEUED' AND (other.created_at, other.id) < (own.created_at, own.id)))`;
  }

  /** Changes rows for those who watch them, too. @param update without its `RETURNING`. */
  private async change(update: string, parameters: readonly unknown[], transaction?: Transaction): Promise<Changed[]> {
    const changed = await this.returned<Changed>(`${update} RETURNING id, generation, status`, parameters, transaction);
    const announce = (): void => this.announcements.announce(changed);
    if (transaction === undefined) announce();
    else transaction.afterCommit(announce);
    return changed;
  }

  private async returned<Returned>(
    update: string,
    parameters: readonly unknown[],
    { manager }: Pick<Transaction, 'manager'> = this.dataSource,
  ): Promise<Returned[]> {
    return manager.query(`WITH changed AS (${update}) SELECT * FROM changed`, [...parameters]);
  }
}

const turnOf = ({ id, generation }: Delivery): QueuedDelivery => ({ id, generation, priority: 0, delayMs: 0 });

import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, type EntityManager, Repository } from 'typeorm';
import { isUniqueViolation } from '../../../common/database/database-errors.rules.js';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import type { Delivery, QueuedDelivery } from '../../../common/queue/delivery.js';
import type { Digest } from '../../../common/storage/digest.js';
import type { DataSourceKind } from '../sources/connections/connection.js';
import type { ValidationReport } from '../validation/validation-report.js';
import type { CollectionPhase, CollectionStatus } from './collection-state.js';
import { DataCollectionEntity } from './entities/data-collection.entity.js';

/** A collection that a worker has taken on. */
export type ClaimedCollection = DataCollectionEntity & { readonly worker: string };

/** How an attempt ended that did not come to an end of the collection. */
export interface CollectionFailure {
  readonly kind: 'RETRY' | 'FAILED';
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
  /** Whether the attempt does not count, because the collection was handed back unharmed. */
  readonly isHandedBack: boolean;
}

/** What came of a batch that was taken. */
export interface CollectionResult {
  readonly report: ValidationReport;
  readonly rowsAccepted: number;
  readonly rowsQuarantined: number;
  readonly quarantineDigest: Digest | null;
  /** Null where there is no snapshot yet, and nothing came to make one of. */
  readonly snapshotVersion: number | null;
  readonly isUnchanged: boolean;
}

/** How many collections wait or run, of sources of a kind. */
export interface OpenCount {
  readonly status: CollectionStatus;
  readonly kind: DataSourceKind;
  readonly count: number;
}

/** Under what a worker may still write of a collection, as SQL. */
const fence = `id = $1 AND generation = $2 AND worker = $3`;

const ended = 'worker = NULL, lease_until = NULL, phase = NULL, ended_at = now()';

/**
 * What workers do to collections, of all workspaces. Every statement is fenced by generation and worker, so that a second
 * run of the same turn changes nothing.
 */
@Injectable()
export class CollectionRunRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(DataCollectionEntity) private readonly collections: Repository<DataCollectionEntity>,
  ) {}

  /** Takes on the collection that waits for this very delivery, if it is the first of its source and none runs there. */
  async claim({ id, generation }: Delivery, worker: string, leaseMs: number): Promise<ClaimedCollection | undefined> {
    try {
      const rows: readonly unknown[] = await this.dataSource.query(
        `WITH claimed AS (
           UPDATE data_collections AS own
           SET status = 'RUNNING', phase = 'READING', attempts = attempts + 1, worker = $3,
             lease_until = now() + $4 * interval '1 ms', started_at = coalesce(started_at, now())
           WHERE id = $1 AND generation = $2 AND status = 'QUEUED' AND NOT EXISTS (
             SELECT 1 FROM data_collections AS other
             WHERE other.source_id = own.source_id AND other.id <> own.id AND (other.status = 'RUNNING'
               OR other.status = 'QUEUED' AND (other.created_at, other.id) < (own.created_at, own.id)))
           RETURNING id)
         SELECT id FROM claimed`,
        [id, generation, worker, leaseMs],
      );
      if (rows.length === 0) return undefined;
    } catch (error) {
      // Two workers took on two collections of one source at the same moment: one of them did not.
      if (isUniqueViolation(error, 'uq_data_collections_running')) return undefined;
      throw error;
    }
    const claimed = await this.collections.findOneBy({ id, generation, worker });
    return claimed === null ? undefined : Object.assign(claimed, { worker });
  }

  async progress(run: ClaimedCollection, phase: CollectionPhase, rowsRead: number): Promise<void> {
    await this.dataSource.query(`UPDATE data_collections SET phase = $4, rows_read = $5 WHERE ${fence}`, [
      ...fenceOf(run),
      phase,
      rowsRead,
    ]);
  }

  /** @returns whether it was still this worker's; a transaction in which it was not must come to nothing. */
  async succeed(manager: EntityManager, run: ClaimedCollection, result: CollectionResult): Promise<boolean> {
    const { report, rowsAccepted, rowsQuarantined, quarantineDigest, snapshotVersion, isUnchanged } = result;
    const rows: readonly unknown[] = await manager.query(
      `WITH done AS (
         UPDATE data_collections
         SET status = 'SUCCEEDED', rows_read = $4, rows_accepted = $5, rows_quarantined = $6, report = $7,
           quarantine_digest = $8, open_quarantine_digest = $8, snapshot_version = $9, is_unchanged = $10, error_code = NULL, error_message = NULL,
           ${ended}
         WHERE ${fence} RETURNING id)
       SELECT id FROM done`,
      [
        ...fenceOf(run),
        report.rowsRead,
        rowsAccepted,
        rowsQuarantined,
        JSON.stringify(report),
        quarantineDigest,
        snapshotVersion,
        isUnchanged,
      ],
    );
    return rows.length === 1;
  }

  /** The batch is refused by the policy of its source. */
  async reject(run: ClaimedCollection, report: ValidationReport, reason: string): Promise<void> {
    await this.dataSource.query(
      `UPDATE data_collections
       SET status = 'REJECTED', rows_read = $4, rows_accepted = 0, rows_quarantined = 0, report = $5,
         error_code = 'DATA_REJECTED', error_message = $6, ${ended}
       WHERE ${fence}`,
      [...fenceOf(run), report.rowsRead, JSON.stringify(report), reason],
    );
  }

  /** Records that an attempt failed or was handed back. @returns its next turn, where there is one. */
  async fail(run: ClaimedCollection, failure: CollectionFailure): Promise<QueuedDelivery | undefined> {
    const { kind, errorCode, errorMessage, delayMs, isHandedBack } = failure;
    const [next]: readonly { id: string; generation: number; status: string }[] = await this.dataSource.query(
      `WITH changed AS (
         UPDATE data_collections
         SET status = CASE WHEN $4 = 'FAILED' THEN 'FAILED' ELSE 'QUEUED' END, generation = generation + 1,
           attempts = attempts - CASE WHEN $8 THEN 1 ELSE 0 END, worker = NULL, lease_until = NULL, phase = NULL,
           error_code = $5, error_message = $6, available_at = now() + $7 * interval '1 ms', enqueued_at = now(),
           ended_at = CASE WHEN $4 = 'FAILED' THEN now() END
         WHERE ${fence} RETURNING id, generation, status)
       SELECT id, generation, status FROM changed`,
      [...fenceOf(run), kind, errorCode, errorMessage, delayMs, isHandedBack],
    );
    return next?.status === 'QUEUED' ? { ...turnOf(next), delayMs } : undefined;
  }

  /** The first collection that waits of a source, now marked as given to the queue. */
  async takeNextOf(sourceId: string): Promise<QueuedDelivery[]> {
    return this.turns(
      `UPDATE data_collections SET enqueued_at = now()
       WHERE id = (SELECT id FROM data_collections WHERE source_id = $1 AND status = 'QUEUED' AND available_at <= now()
         ORDER BY created_at, id LIMIT 1)
       RETURNING id, generation`,
      [sourceId],
    );
  }

  /** Says that the worker still runs these. @returns the ids of those that are still its own. */
  async renewLeases(ids: readonly string[], worker: string, leaseMs: number): Promise<Set<string>> {
    const rows: readonly { id: string }[] = await this.dataSource.query(
      `WITH renewed AS (
         UPDATE data_collections SET lease_until = now() + $3 * interval '1 ms'
         WHERE id = ANY($1::uuid[]) AND worker = $2 RETURNING id)
       SELECT id FROM renewed`,
      [ids, worker, leaseMs],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Takes collections from workers that stopped renewing: another attempt, or FAILED when none is left. */
  async takeFromLostWorkers(errorMessage: string): Promise<QueuedDelivery[]> {
    return this.turns(
      `UPDATE data_collections
       SET status = CASE WHEN attempts >= max_attempts THEN 'FAILED' ELSE 'QUEUED' END, generation = generation + 1,
         worker = NULL, lease_until = NULL, phase = NULL, error_code = 'EXECUTOR_LOST', error_message = $1,
         enqueued_at = now(), ended_at = CASE WHEN attempts >= max_attempts THEN now() END
       WHERE status = 'RUNNING' AND lease_until < now()
       RETURNING id, generation`,
      [errorMessage],
    );
  }

  /** Collections that wait and were last given to the queue longer than `olderThanMs` ago, now marked as given. */
  async takeLongQueued(olderThanMs: number): Promise<QueuedDelivery[]> {
    return this.turns(
      `UPDATE data_collections SET enqueued_at = now()
       WHERE status = 'QUEUED' AND available_at <= now() AND enqueued_at < now() - $1 * interval '1 ms'
       RETURNING id, generation`,
      [olderThanMs],
    );
  }

  /** Collections that have not ended; states and kinds of which there are none are left out. */
  async countOpen(): Promise<OpenCount[]> {
    return this.dataSource.query(
      `SELECT run.status, source.kind, count(*)::int AS count
       FROM data_collections AS run JOIN data_sources AS source ON source.id = run.source_id
       WHERE run.ended_at IS NULL GROUP BY run.status, source.kind`,
    );
  }

  private async turns(statement: string, parameters: readonly unknown[]): Promise<QueuedDelivery[]> {
    const rows: readonly Delivery[] = await this.dataSource.query(
      `WITH changed AS (${statement}) SELECT id, generation FROM changed`,
      [...parameters],
    );
    return rows.map(turnOf);
  }
}

const fenceOf = ({ id, generation, worker }: ClaimedCollection): [string, number, string] => [id, generation, worker];

const turnOf = ({ id, generation }: Delivery): QueuedDelivery => ({ id, generation, priority: 0, delayMs: 0 });

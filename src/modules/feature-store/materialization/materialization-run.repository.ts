import { Injectable } from '@nestjs/common';
import { InjectDataSource, InjectRepository } from '@nestjs/typeorm';
import { DataSource, Repository } from 'typeorm';
import { isUniqueViolation } from '../../../common/database/database-errors.rules.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import type { Delivery, QueuedDelivery } from '../../../common/queue/delivery.js';
import type { SnapshotReference } from '../definitions/feature-view.js';
import { FeatureMaterializationEntity } from './entities/feature-materialization.entity.js';

/** A materialization that a worker has taken on. */
export type ClaimedMaterialization = FeatureMaterializationEntity & { readonly worker: string };

/** How an attempt ended that did not come to an end of the materialization. */
export interface MaterializationFailure {
  readonly kind: 'RETRY' | 'FAILED';
  readonly errorCode: ErrorCode | null;
  readonly errorMessage: string | null;
  /** Milliseconds until the next attempt. */
  readonly delayMs: number;
  /** Whether the attempt does not count, because the materialization was handed back unharmed. */
  readonly isHandedBack: boolean;
}

/** How far a materialization has come. What is up to the cursor is written. */
export interface MaterializationProgress {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly newestEvent: Date | null;
  readonly entityCursor: FeatureMaterializationEntity['entityCursor'];
}

/** Under what a worker may still write of a materialization, as SQL. */
const fence = `id = $1 AND generation = $2 AND worker = $3`;

/** What workers do to materializations, of all workspaces. Every statement is fenced by generation and worker. */
@Injectable()
export class MaterializationRunRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    @InjectRepository(FeatureMaterializationEntity) private readonly runs: Repository<FeatureMaterializationEntity>,
  ) {}

  /** Takes on the one that waits for this very delivery, if it is the first of its view and none runs there. */
  async claim(
    { id, generation }: Delivery,
    worker: string,
    leaseMs: number,
  ): Promise<ClaimedMaterialization | undefined> {
    try {
      const rows: readonly unknown[] = await this.dataSource.query(
        `WITH claimed AS (
           UPDATE feature_materializations AS own
           SET status = 'RUNNING', attempts = attempts + 1, worker = $3, lease_until = now() + $4 * interval '1 ms',
             started_at = coalesce(started_at, now())
           WHERE id = $1 AND generation = $2 AND status = 'QUEUED' AND NOT EXISTS (
             SELECT 1 FROM feature_materializations AS other
             WHERE other.view_id = own.view_id AND other.id <> own.id AND (other.status = 'RUNNING'
               OR other.status = 'QUEUED' AND (other.created_at, other.id) < (own.created_at, own.id)))
           RETURNING id)
         SELECT id FROM claimed`,
        [id, generation, worker, leaseMs],
      );
      if (rows.length === 0) return undefined;
    } catch (error) {
      // Two workers took on two materializations of one view at the same moment: one of them did not.
      if (isUniqueViolation(error, 'uq_feature_materializations_running')) return undefined;
      throw error;
    }
    const claimed = await this.runs.findOneBy({ id, generation, worker });
    return claimed === null ? undefined : Object.assign(claimed, { worker });
  }

  /** Keeps what is read, so that another attempt reads the same. @throws {CodedError} CANCELLED */
  async begin(
    run: ClaimedMaterialization,
    fromTime: Date | null,
    snapshots: readonly SnapshotReference[],
  ): Promise<void> {
    await this.own(run, 'from_time = $4, snapshots = $5', [fromTime, JSON.stringify(snapshots)]);
  }

  /** @throws {CodedError} CANCELLED where it is no longer this worker's. */
  async progress(run: ClaimedMaterialization, made: MaterializationProgress): Promise<void> {
    await this.own(run, 'rows_read = $4, rows_written = $5, newest_event = $6, entity_cursor = $7', [
      made.rowsRead,
      made.rowsWritten,
      made.newestEvent,
      made.entityCursor === null ? null : JSON.stringify(made.entityCursor),
    ]);
  }

  /** Ends it, and says up to where the version is online where that is known. @throws {CodedError} CANCELLED */
  async succeed(run: ClaimedMaterialization, materializedUntil: Date | null): Promise<void> {
    const rows: readonly unknown[] = await this.dataSource.query(
      `WITH done AS (
         UPDATE feature_materializations
         SET status = 'SUCCEEDED', error_code = NULL, error_message = NULL, worker = NULL, lease_until = NULL,
           ended_at = now()
         WHERE ${fence} RETURNING view_version_id),
       marked AS (
         INSERT INTO feature_materialization_marks AS held (view_version_id, materialized_until)
         SELECT view_version_id, $4::timestamptz FROM done WHERE $4::timestamptz IS NOT NULL
         ON CONFLICT (view_version_id) DO UPDATE
           SET materialized_until = greatest(held.materialized_until, excluded.materialized_until))
       SELECT 1 FROM done`,
      [...fenceOf(run), materializedUntil],
    );
    if (rows.length === 0) throw givenUp();
  }

  /** Records that an attempt failed or was handed back. @returns its next turn, where there is one. */
  async fail(run: ClaimedMaterialization, failure: MaterializationFailure): Promise<QueuedDelivery | undefined> {
    const { kind, errorCode, errorMessage, delayMs, isHandedBack } = failure;
    const [next]: readonly { id: string; generation: number; status: string }[] = await this.dataSource.query(
      `WITH changed AS (
         UPDATE feature_materializations
         SET status = CASE WHEN $4 = 'FAILED' THEN 'FAILED' ELSE 'QUEUED' END, generation = generation + 1,
           attempts = attempts - CASE WHEN $8 THEN 1 ELSE 0 END, worker = NULL, lease_until = NULL,
           error_code = $5, error_message = $6, available_at = now() + $7 * interval '1 ms', enqueued_at = now(),
           ended_at = CASE WHEN $4 = 'FAILED' THEN now() END
         WHERE ${fence} RETURNING id, generation, status)
       SELECT id, generation, status FROM changed`,
      [...fenceOf(run), kind, errorCode, errorMessage, delayMs, isHandedBack],
    );
    return next?.status === 'QUEUED' ? { ...turnOf(next), delayMs } : undefined;
  }

  /** The first that waits of a view, now marked as given to the queue. */
  async takeNextOf(viewId: string): Promise<QueuedDelivery[]> {
    return this.turns(
      `UPDATE feature_materializations SET enqueued_at = now()
       WHERE id = (SELECT id FROM feature_materializations
         WHERE view_id = $1 AND status = 'QUEUED' AND available_at <= now() ORDER BY created_at, id LIMIT 1)
       RETURNING id, generation`,
      [viewId],
    );
  }

  /** Says that the worker still runs these. @returns the ids of those that are still its own. */
  async renewLeases(ids: readonly string[], worker: string, leaseMs: number): Promise<Set<string>> {
    const rows: readonly { id: string }[] = await this.dataSource.query(
      `WITH renewed AS (
         UPDATE feature_materializations SET lease_until = now() + $3 * interval '1 ms'
         WHERE id = ANY($1::uuid[]) AND worker = $2 RETURNING id)
       SELECT id FROM renewed`,
      [ids, worker, leaseMs],
    );
    return new Set(rows.map(({ id }) => id));
  }

  /** Takes materializations from workers that stopped renewing: another attempt, or FAILED when none is left. */
  async takeFromLostWorkers(errorMessage: string): Promise<QueuedDelivery[]> {
    return this.turns(
      `UPDATE feature_materializations
       SET status = CASE WHEN attempts >= max_attempts THEN 'FAILED' ELSE 'QUEUED' END, generation = generation + 1,
         worker = NULL, lease_until = NULL, error_code = 'EXECUTOR_LOST', error_message = $1, enqueued_at = now(),
         ended_at = CASE WHEN attempts >= max_attempts THEN now() END
       WHERE status = 'RUNNING' AND lease_until < now()
       RETURNING id, generation`,
      [errorMessage],
    );
  }

  /** Those that wait and were last given to the queue longer than `olderThanMs` ago, now marked as given. */
  async takeLongQueued(olderThanMs: number): Promise<QueuedDelivery[]> {
    return this.turns(
      `UPDATE feature_materializations SET enqueued_at = now()
       WHERE status = 'QUEUED' AND available_at <= now() AND enqueued_at < now() - $1 * interval '1 ms'
       RETURNING id, generation`,
      [olderThanMs],
    );
  }

  private async own(run: ClaimedMaterialization, changes: string, values: readonly unknown[]): Promise<void> {
    const rows: readonly unknown[] = await this.dataSource.query(
      `WITH changed AS (UPDATE feature_materializations SET ${changes} WHERE ${fence} RETURNING id) SELECT id FROM changed`,
      [...fenceOf(run), ...values],
    );
    if (rows.length === 0) throw givenUp();
  }

  private async turns(statement: string, parameters: readonly unknown[]): Promise<QueuedDelivery[]> {
    const rows: readonly Delivery[] = await this.dataSource.query(
      `WITH changed AS (${statement}) SELECT id, generation FROM changed`,
      [...parameters],
    );
    return rows.map(turnOf);
  }
}

const givenUp = (): CodedError => new CodedError('CANCELLED', 'The materialization is no longer run by this worker.');

const fenceOf = ({ id, generation, worker }: ClaimedMaterialization): [string, number, string] => [
  id,
  generation,
  worker,
];

const turnOf = ({ id, generation }: Delivery): QueuedDelivery => ({ id, generation, priority: 0, delayMs: 0 });

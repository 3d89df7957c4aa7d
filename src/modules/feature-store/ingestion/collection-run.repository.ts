import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { Transaction } from '../../../common/database/transaction.js';
import type { Digest } from '../../../common/storage/digest.js';
import type { DataSourceKind } from '../sources/connections/connection.js';
import type { ValidationReport } from '../validation/validation-report.js';
import { type ClaimedCollection, CollectionLeases } from './collection-leases.js';
import type { CollectionPhase, CollectionStatus } from './collection-state.js';

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

/** What workers write of the collections that they have taken on. */
@Injectable()
export class CollectionRunRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly leases: CollectionLeases,
  ) {}

  async progress(run: ClaimedCollection, phase: CollectionPhase, rowsRead: number): Promise<void> {
    await this.leases.progress(run, { phase, rows_read: rowsRead });
  }

  /** @returns whether it was still this worker's; a transaction in which it was not must come to nothing. */
  async succeed(transaction: Transaction, run: ClaimedCollection, result: CollectionResult): Promise<boolean> {
    return this.leases.succeed(transaction, run, {
      rows_read: result.report.rowsRead,
      rows_accepted: result.rowsAccepted,
      rows_quarantined: result.rowsQuarantined,
      report: JSON.stringify(result.report),
      quarantine_digest: result.quarantineDigest,
      open_quarantine_digest: result.quarantineDigest,
      snapshot_version: result.snapshotVersion,
      is_unchanged: result.isUnchanged,
    });
  }

  /** The batch is refused by the policy of its source. */
  async reject(run: ClaimedCollection, report: ValidationReport, reason: string): Promise<void> {
    await this.leases.end(run, {
      status: 'REJECTED',
      rows_read: report.rowsRead,
      rows_accepted: 0,
      rows_quarantined: 0,
      report: JSON.stringify(report),
      error_code: 'DATA_REJECTED',
      error_message: reason,
    });
  }

  /** Collections that have not ended; states and kinds of which there are none are left out. */
  async countOpen(): Promise<OpenCount[]> {
    return this.dataSource.query(
      `SELECT run.status, source.kind, count(*)::int AS count
       FROM data_collections AS run JOIN data_sources AS source ON source.id = run.source_id
       WHERE run.ended_at IS NULL GROUP BY run.status, source.kind`,
    );
  }
}

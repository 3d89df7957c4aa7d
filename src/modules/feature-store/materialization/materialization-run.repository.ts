import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { inTransaction } from '../../../common/database/transaction.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { SnapshotReference } from '../definitions/feature-view.js';
import type { FeatureMaterializationEntity } from './entities/feature-materialization.entity.js';
import { type ClaimedMaterialization, MaterializationLeases } from './materialization-leases.js';

/** How far a materialization has come. What is up to the cursor is written. */
export interface MaterializationProgress {
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly newestEvent: Date | null;
  readonly entityCursor: FeatureMaterializationEntity['entityCursor'];
}

/** What workers write of the materializations that they have taken on. @throws {CodedError} CANCELLED where they no longer are theirs. */
@Injectable()
export class MaterializationRunRepository {
  constructor(
    @InjectDataSource() private readonly dataSource: DataSource,
    private readonly leases: MaterializationLeases,
  ) {}

  /** Keeps what is read, so that another attempt reads the same. */
  async begin(
    run: ClaimedMaterialization,
    fromTime: Date | null,
    snapshots: readonly SnapshotReference[],
  ): Promise<void> {
    const changes = { from_time: fromTime, snapshots: JSON.stringify(snapshots) };
    assertOwn(await this.leases.progress(run, changes));
  }

  async progress(run: ClaimedMaterialization, made: MaterializationProgress): Promise<void> {
    const changes = {
      rows_read: made.rowsRead,
      rows_written: made.rowsWritten,
      newest_event: made.newestEvent,
      entity_cursor: made.entityCursor === null ? null : JSON.stringify(made.entityCursor),
    };
    assertOwn(await this.leases.progress(run, changes));
  }

  /** Ends it, and says up to where the version is online where that is known. */
  async succeed(run: ClaimedMaterialization, materializedUntil: Date | null): Promise<void> {
    await inTransaction(this.dataSource, async (transaction) => {
      assertOwn(await this.leases.succeed(transaction, run));
      if (materializedUntil === null) return;
      await transaction.manager.query(
        `INSERT INTO feature_materialization_marks AS held (view_version_id, materialized_until) VALUES ($1, $2)
         ON CONFLICT (view_version_id) DO UPDATE
           SET materialized_until = greatest(held.materialized_until, excluded.materialized_until)`,
        [run.viewVersionId, materializedUntil],
      );
    });
  }
}

function assertOwn(isOwn: boolean): void {
  if (!isOwn) throw new CodedError('CANCELLED', 'The materialization is no longer run by this worker.');
}

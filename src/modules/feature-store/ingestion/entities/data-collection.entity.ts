import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn } from '../../../../common/database/whole-number-column.js';
import { LeasedRowEntity } from '../../../../common/queue/leased-row.entity.js';
import type { Digest } from '../../../../common/storage/digest.js';
import type { RowCorrection } from '../../quarantine/quarantined-row.js';
import type { ValidationReport } from '../../validation/validation-report.js';
import { type CollectionPhase, type CollectionStatus, collectionStatuses } from '../collection-state.js';

/** The record of one collection; the queue carries only its id. */
@Entity('data_collections')
@Check('ck_data_collections_status', `status IN (${collectionStatuses.map((status) => `'${status}'`).join(', ')})`)
@Check('ck_data_collections_worker', `(worker IS NOT NULL) = (status = 'RUNNING')`)
@Check('ck_data_collections_ended', `(ended_at IS NOT NULL) = (status NOT IN ('QUEUED', 'RUNNING'))`)
@Index('uq_data_collections_running', ['sourceId'], { unique: true, where: `status = 'RUNNING'` })
@Index('ix_data_collections_created', ['sourceId', 'createdAt', 'id'])
@Index('ix_data_collections_quarantine', ['sourceId', 'createdAt', 'id'], {
  where: 'open_quarantine_digest IS NOT NULL',
})
@Index('ix_data_collections_open', ['enqueuedAt'], { where: 'ended_at IS NULL' })
export class DataCollectionEntity extends LeasedRowEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_collections' })
  id!: string;

  @Column('uuid')
  sourceId!: string;

  /** Digest of the file to be read; null where the source fetches what there is. */
  @Column('text', { nullable: true })
  inputDigest!: Digest | null;

  /** Whether the file holds pushed rows, as NDJSON, whatever the source's own data is. */
  @Column('boolean', { default: false })
  isPushed!: boolean;

  @Column('varchar', { length: 16 })
  status!: CollectionStatus;

  /** What it is at while it runs. */
  @Column('varchar', { length: 16, nullable: true })
  phase!: CollectionPhase | null;

  @Column('bigint', { nullable: true, transformer: wholeNumberColumn })
  rowsRead!: number | null;

  @Column('bigint', { nullable: true, transformer: wholeNumberColumn })
  rowsAccepted!: number | null;

  @Column('bigint', { nullable: true, transformer: wholeNumberColumn })
  rowsQuarantined!: number | null;

  @Column('jsonb', { nullable: true })
  report!: ValidationReport | null;

  /** Digest of a Parquet file with the rows that were left out, as they came. */
  @Column('text', { nullable: true })
  quarantineDigest!: Digest | null;

  /** As `quarantineDigest`, of those that still wait; null where none do. */
  @Column('text', { nullable: true })
  openQuarantineDigest!: Digest | null;

  /** Rows that were left out and are in a later snapshot. */
  @Column('bigint', { default: 0, transformer: wholeNumberColumn })
  rowsReplayed!: number;

  /** The collection whose quarantined rows this one takes, where it reads no source. */
  @Column('uuid', { nullable: true })
  replayOf!: string | null;

  /** What is taken in place of values of these rows. */
  @Column('jsonb', { nullable: true })
  corrections!: readonly RowCorrection[] | null;

  /** The snapshot that it made, or that had the same rows already. */
  @Column('int', { nullable: true })
  snapshotVersion!: number | null;

  /** Whether that snapshot was there before. */
  @Column('boolean', { nullable: true })
  isUnchanged!: boolean | null;
}

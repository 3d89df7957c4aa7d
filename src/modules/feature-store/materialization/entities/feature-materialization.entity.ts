import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn } from '../../../../common/database/whole-number-column.js';
import { LeasedRowEntity } from '../../../../common/queue/leased-row.entity.js';
import type { SnapshotReference } from '../../definitions/feature-view.js';
import {
  type MaterializationKind,
  materializationKinds,
  type MaterializationStatus,
  materializationStatuses,
} from '../materialization-state.js';

const moment = { type: 'timestamptz', precision: 3 } as const;
const listed = (names: readonly string[]): string => names.map((name) => `'${name}'`).join(', ');

/** The record of one materialization; the queue carries only its id. */
@Entity('feature_materializations')
@Check('ck_feature_materializations_kind', `kind IN (${listed(materializationKinds)})`)
@Check('ck_feature_materializations_status', `status IN (${listed(materializationStatuses)})`)
@Check('ck_feature_materializations_worker', `(worker IS NOT NULL) = (status = 'RUNNING')`)
@Check('ck_feature_materializations_ended', `(ended_at IS NOT NULL) = (status IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))`)
@Index('uq_feature_materializations_running', ['viewId'], { unique: true, where: `status = 'RUNNING'` })
@Index('ix_feature_materializations_created', ['viewId', 'createdAt', 'id'])
@Index('ix_feature_materializations_open', ['enqueuedAt'], { where: 'ended_at IS NULL' })
export class FeatureMaterializationEntity extends LeasedRowEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_feature_materializations' })
  id!: string;

  /** Of the view, whose versions share it: one materialization of it runs at a time. */
  @Column('uuid')
  viewId!: string;

  @Column('uuid')
  viewVersionId!: string;

  /** Name of the view. */
  @Column({ type: 'text', collation: 'C' })
  view!: string;

  @Column('int')
  version!: number;

  @Column('varchar', { length: 16 })
  kind!: MaterializationKind;

  /** Least event time, inclusive; null for none. Of an incremental one it is known once it has begun. */
  @Column({ ...moment, nullable: true })
  fromTime!: Date | null;

  /** Greatest event time, inclusive. */
  @Column(moment)
  toTime!: Date;

  @Column('varchar', { length: 16 })
  status!: MaterializationStatus;

  /** What is read, the oldest first; later attempts read the same. Null before it is known. */
  @Column('jsonb', { nullable: true })
  snapshots!: readonly SnapshotReference[] | null;

  /**
   * The key of the last entity that is written, in the order of keys; the next attempt goes on after it. May hold texts
   * with U+0000, which jsonb refuses.
   */
  @Column('json', { nullable: true })
  entityCursor!: readonly (string | number | boolean | null)[] | null;

  /** The greatest event time that was read so far, in whole milliseconds. */
  @Column({ ...moment, nullable: true })
  newestEvent!: Date | null;

  /** Rows of entities, the newest of each, that were read, and of these those that are now online. */
  @Column('bigint', { default: 0, transformer: wholeNumberColumn })
  rowsRead!: number;

  @Column('bigint', { default: 0, transformer: wholeNumberColumn })
  rowsWritten!: number;
}

import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Actor } from '../../../../common/access/actor.js';
import { wholeNumberColumn } from '../../../../common/database/whole-number-column.js';
import type { ErrorCode } from '../../../../common/errors/error-table.js';
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
export class FeatureMaterializationEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_feature_materializations' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

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

  /** Raised whenever it is queued again: a delivery of an older generation changes nothing. */
  @Column('int', { default: 1 })
  generation!: number;

  @Column('int', { default: 0 })
  attempts!: number;

  @Column('int')
  maxAttempts!: number;

  @Column('varchar', { length: 128 })
  requestId!: string;

  /** On whose behalf it runs. */
  @Column('jsonb')
  requestedBy!: Pick<Actor, 'kind' | 'id' | 'name'>;

  /** What is read, the oldest first; later attempts read the same. Null before it is known. */
  @Column('jsonb', { nullable: true })
  snapshots!: readonly SnapshotReference[] | null;

  /** The key of the last entity that is written, in the order of keys; the next attempt goes on after it. */
  @Column('jsonb', { nullable: true })
  entityCursor!: readonly (string | number | boolean | null)[] | null;

  /** The greatest event time that was read so far, in whole milliseconds. */
  @Column({ ...moment, nullable: true })
  newestEvent!: Date | null;

  /** Rows of entities, the newest of each, that were read, and of these those that are now online. */
  @Column('bigint', { default: 0, transformer: wholeNumberColumn })
  rowsRead!: number;

  @Column('bigint', { default: 0, transformer: wholeNumberColumn })
  rowsWritten!: number;

  @Column('varchar', { length: 64, nullable: true })
  errorCode!: ErrorCode | null;

  @Column('text', { nullable: true })
  errorMessage!: string | null;

  /** Id of the worker process that runs it. */
  @Column('varchar', { length: 64, nullable: true })
  worker!: string | null;

  /** The worker renews this while it lives. */
  @Column({ ...moment, nullable: true })
  leaseUntil!: Date | null;

  @Column({ ...moment, default: () => 'now()' })
  createdAt!: Date;

  /** It runs not before this moment. */
  @Column({ ...moment, default: () => 'now()' })
  availableAt!: Date;

  /** When it was last given to the queue. */
  @Column({ ...moment, default: () => 'now()' })
  enqueuedAt!: Date;

  @Column({ ...moment, nullable: true })
  startedAt!: Date | null;

  @Column({ ...moment, nullable: true })
  endedAt!: Date | null;
}

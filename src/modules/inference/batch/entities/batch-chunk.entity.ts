import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { wholeNumberColumn } from '../../../../common/database/whole-number-column.js';
import type { ErrorCode } from '../../../../common/errors/error-table.js';
import { type ChunkStatus, chunkStatuses } from '../batch-state.rules.js';

const moment = { type: 'timestamptz', precision: 3 } as const;

/** A part of a batch's rows, which one job of the queue runs. */
@Entity('batch_chunks')
@Check('ck_batch_chunks_status', `status IN (${chunkStatuses.map((status) => `'${status}'`).join(', ')})`)
@Check('ck_batch_chunks_worker', `(worker IS NOT NULL) = (status = 'RUNNING')`)
@Index('uq_batch_chunks_index', ['batchId', 'index'], { unique: true })
@Index('ix_batch_chunks_queued', ['enqueuedAt'], { where: `status = 'QUEUED'` })
@Index('ix_batch_chunks_running', ['leaseUntil'], { where: `status = 'RUNNING'` })
export class BatchChunkEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_batch_chunks' })
  id!: string;

  @Column('uuid')
  batchId!: string;

  @Column('uuid')
  workspaceId!: string;

  /** From 0, in the order of the file. */
  @Column('int')
  index!: number;

  /** Number of its first row, from 1. */
  @Column('int')
  firstRow!: number;

  @Column('int')
  rows!: number;

  @Column('bigint', { transformer: wholeNumberColumn })
  startByte!: number;

  /** The first byte that is not its own. */
  @Column('bigint', { transformer: wholeNumberColumn })
  endByte!: number;

  @Column('varchar', { length: 16, default: 'QUEUED' })
  status!: ChunkStatus;

  /** Raised whenever it is queued again: a delivery of an older generation changes nothing. */
  @Column('int', { default: 1 })
  generation!: number;

  @Column('int', { default: 0 })
  attempts!: number;

  /** Rows that failed; null until it has succeeded. */
  @Column('int', { nullable: true })
  rowsFailed!: number | null;

  /** The outcomes of its rows; dropped once the output is assembled. */
  @Column('bytea', { nullable: true })
  result!: Buffer | null;

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

  /** Not before this moment: the backoff between attempts. */
  @Column({ ...moment, default: () => 'now()' })
  availableAt!: Date;

  /** When it was last given to the queue. */
  @Column({ ...moment, default: () => 'now()' })
  enqueuedAt!: Date;

  @Column({ ...moment, nullable: true })
  endedAt!: Date | null;
}

import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Actor } from '../../../../common/access/actor.js';
import { wholeNumberColumn } from '../../../../common/database/whole-number-column.js';
import type { ErrorCode } from '../../../../common/errors/error-table.js';
import type { Digest } from '../../../../common/storage/digest.js';
import { type BatchStatus, batchStatuses } from '../batch-state.rules.js';
import type { FileFormat } from '../file-format.rules.js';
import type { InputColumn } from '../input/input-file.js';

const moment = { type: 'timestamptz', precision: 3 } as const;

/** The record of one batch inference; the queue carries only its id. */
@Entity('batch_inferences')
@Check('ck_batch_inferences_status', `status IN (${batchStatuses.map((status) => `'${status}'`).join(', ')})`)
@Check('ck_batch_inferences_worker', `worker IS NULL OR status IN ('SPLITTING', 'ASSEMBLING')`)
@Check('ck_batch_inferences_ended', `(ended_at IS NOT NULL) = (status IN ('SUCCEEDED', 'FAILED', 'CANCELLED'))`)
@Index('uq_batch_inferences_idempotency_key', ['workspaceId', 'idempotencyKey'], {
  unique: true,
  where: 'idempotency_key IS NOT NULL',
})
@Index('ix_batch_inferences_created', ['workspaceId', 'createdAt', 'id'])
@Index('ix_batch_inferences_open', ['enqueuedAt'], { where: 'ended_at IS NULL' })
@Index('ix_batch_inferences_ended', ['endedAt'], { where: 'ended_at IS NOT NULL' })
export class BatchInferenceEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_batch_inferences' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  modelVersionId!: string;

  @Column('varchar', { length: 255 })
  model!: string;

  @Column('int')
  version!: number;

  /** Digest of the file that was submitted. */
  @Column('text')
  inputDigest!: Digest;

  @Column('varchar', { length: 16 })
  inputFormat!: FileFormat;

  @Column('varchar', { length: 16 })
  outputFormat!: FileFormat;

  /** Whether the input's columns are passed through to the output. */
  @Column('boolean')
  includeInput!: boolean;

  /** Most rows of a chunk. */
  @Column('int')
  chunkRows!: number;

  /** 0 to 9, higher first. */
  @Column('smallint')
  priority!: number;

  @Column('varchar', { length: 16 })
  status!: BatchStatus;

  /** Raised whenever a step is queued or ends: a delivery of an older generation changes nothing. */
  @Column('int', { default: 1 })
  generation!: number;

  /** Attempts of the present step. */
  @Column('int', { default: 0 })
  attempts!: number;

  /** Attempts of each step and of each chunk. */
  @Column('int')
  maxAttempts!: number;

  @Column('varchar', { length: 128 })
  requestId!: string;

  /** On whose behalf the output is stored. */
  @Column('jsonb')
  requestedBy!: Pick<Actor, 'kind' | 'id' | 'name'>;

  @Column('varchar', { length: 255, nullable: true })
  idempotencyKey!: string | null;

  /** SHA-256 of what was submitted under the idempotency key, in hexadecimal. */
  @Column('char', { length: 64, nullable: true })
  payloadHash!: string | null;

  /** The columns of the file; null until it was split. */
  @Column('jsonb', { nullable: true })
  columns!: readonly InputColumn[] | null;

  /** What the ranges of the chunks refer to: the file itself, or the rows that were unpacked from it. */
  @Column('text', { nullable: true })
  rowsDigest!: Digest | null;

  /** Unpacked rows that are in the store for this batch alone; null when there are none, or no longer. */
  @Column('text', { nullable: true })
  spoolDigest!: Digest | null;

  @Column('int', { nullable: true })
  rowsTotal!: number | null;

  @Column('int', { nullable: true })
  chunksTotal!: number | null;

  @Column('int', { default: 0 })
  chunksDone!: number;

  @Column('int', { default: 0 })
  rowsDone!: number;

  @Column('int', { default: 0 })
  rowsFailed!: number;

  @Column('text', { nullable: true })
  outputDigest!: Digest | null;

  @Column('bigint', { nullable: true, transformer: wholeNumberColumn })
  outputSizeBytes!: number | null;

  @Column('varchar', { length: 64, nullable: true })
  errorCode!: ErrorCode | null;

  @Column('text', { nullable: true })
  errorMessage!: string | null;

  /** Id of the worker process that splits or assembles it. */
  @Column('varchar', { length: 64, nullable: true })
  worker!: string | null;

  /** The worker renews this while it lives. */
  @Column({ ...moment, nullable: true })
  leaseUntil!: Date | null;

  @Column({ ...moment, default: () => 'now()' })
  createdAt!: Date;

  /** The next step begins not before this moment. */
  @Column({ ...moment, default: () => 'now()' })
  availableAt!: Date;

  /** When its step was last given to the queue. */
  @Column({ ...moment, default: () => 'now()' })
  enqueuedAt!: Date;

  @Column({ ...moment, nullable: true })
  startedAt!: Date | null;

  /** When its chunks began to run, or went on after a retry. */
  @Column({ ...moment, nullable: true })
  runStartedAt!: Date | null;

  /** Rows that were done then. */
  @Column('int', { default: 0 })
  runStartedRows!: number;

  /** When its last chunk ended, or the batch did. */
  @Column({ ...moment, nullable: true })
  runEndedAt!: Date | null;

  @Column({ ...moment, nullable: true })
  endedAt!: Date | null;
}

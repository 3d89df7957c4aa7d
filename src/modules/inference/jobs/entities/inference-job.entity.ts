import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ErrorCode } from '../../../../common/errors/error-table.js';
import type { TensorEncoding } from '../../prediction/request.rules.js';
import { type JobStatus, jobStatuses } from '../job-state.rules.js';

const moment = { type: 'timestamptz', precision: 3 } as const;

/** The record of one queued inference; the queue carries only its id. */
@Entity('inference_jobs')
@Check('ck_inference_jobs_status', `status IN (${jobStatuses.map((status) => `'${status}'`).join(', ')})`)
@Check('ck_inference_jobs_worker', `(worker IS NOT NULL) = (status = 'RUNNING')`)
@Check('ck_inference_jobs_ended', `(ended_at IS NULL) = (status IN ('QUEUED', 'RUNNING'))`)
@Index('uq_inference_jobs_idempotency_key', ['workspaceId', 'idempotencyKey'], {
  unique: true,
  where: 'idempotency_key IS NOT NULL',
})
@Index('ix_inference_jobs_created', ['workspaceId', 'createdAt', 'id'])
@Index('ix_inference_jobs_queued', ['enqueuedAt'], { where: `status = 'QUEUED'` })
@Index('ix_inference_jobs_running', ['leaseUntil'], { where: `status = 'RUNNING'` })
@Index('ix_inference_jobs_ended', ['endedAt'], { where: 'ended_at IS NOT NULL' })
@Index('ix_inference_jobs_status', ['workspaceId', 'status', 'createdAt', 'id'], { where: `status <> 'SUCCEEDED'` })
export class InferenceJobEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_inference_jobs' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  modelVersionId!: string;

  @Column('varchar', { length: 255 })
  model!: string;

  @Column('int')
  version!: number;

  /** Name of the deployment that chose the version, when the job was submitted; null where it was named itself. */
  @Column('text', { nullable: true })
  deployment!: string | null;

  /** Name of the deployment's variant that was chosen. */
  @Column('text', { nullable: true })
  variant!: string | null;

  /** SHA-256 of the model file, fixed when the job was submitted. */
  @Column('char', { length: 64 })
  digest!: string;

  @Column('varchar', { length: 16 })
  status!: JobStatus;

  /** 0 to 9, higher first. */
  @Column('smallint')
  priority!: number;

  /** Raised whenever the job is queued again: a delivery of an older generation changes nothing. */
  @Column('int', { default: 1 })
  generation!: number;

  @Column('int', { default: 0 })
  attempts!: number;

  @Column('int')
  maxAttempts!: number;

  /** Time of one attempt, in milliseconds. */
  @Column('int')
  timeoutMs!: number;

  @Column('varchar', { length: 128 })
  requestId!: string;

  @Column('varchar', { length: 16, nullable: true })
  encoding!: TensorEncoding | null;

  /** Whether it was asked with records, so that the answer goes by record. */
  @Column('boolean')
  withRecords!: boolean;

  /** Rows of the input. */
  @Column('int')
  rows!: number;

  @Column('varchar', { length: 255, nullable: true })
  idempotencyKey!: string | null;

  /** SHA-256 of what was submitted under the idempotency key, in hexadecimal. */
  @Column('char', { length: 64, nullable: true })
  payloadHash!: string | null;

  /** The executor's request frame; dropped once the job succeeded. */
  @Column('bytea', { nullable: true })
  payload!: Buffer | null;

  /** The executor's answer frame. */
  @Column('bytea', { nullable: true })
  result!: Buffer | null;

  @Column('varchar', { length: 255, nullable: true })
  executor!: string | null;

  @Column('varchar', { length: 64, nullable: true })
  errorCode!: ErrorCode | null;

  @Column('text', { nullable: true })
  errorMessage!: string | null;

  /** Id of the worker process that runs it. */
  @Column('varchar', { length: 64, nullable: true })
  worker!: string | null;

  @Column({ ...moment, default: () => 'now()' })
  createdAt!: Date;

  /** Not before this moment: the backoff between attempts. */
  @Column({ ...moment, default: () => 'now()' })
  availableAt!: Date;

  /** When it was last given to the queue. */
  @Column({ ...moment, default: () => 'now()' })
  enqueuedAt!: Date;

  /** The pack in which the queue has it while it waits; null where it travels alone. All of a pack are queued at once. */
  @Column('uuid', { nullable: true })
  pack!: string | null;

  /** The worker renews this while it lives. */
  @Column({ ...moment, nullable: true })
  leaseUntil!: Date | null;

  @Column({ ...moment, nullable: true })
  startedAt!: Date | null;

  @Column({ ...moment, nullable: true })
  endedAt!: Date | null;
}

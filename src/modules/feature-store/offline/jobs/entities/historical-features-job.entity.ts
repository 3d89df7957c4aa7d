import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Actor } from '../../../../../common/access/actor.js';
import type { ErrorCode } from '../../../../../common/errors/error-table.js';
import type { ServiceFeature } from '../../../definitions/feature-service.js';
import {
  type HistoricalFeaturesJob,
  type HistoricalFeaturesPhase,
  type HistoricalFeaturesResult,
  type HistoricalFeaturesStatus,
  historicalFeaturesStatuses,
  type LabelsReference,
} from '../historical-features-job.js';
import type { NamedSnapshot } from '../../source-snapshots.js';

const moment = { type: 'timestamptz', precision: 3 } as const;

/** The record of one job; the queue carries only its id. */
@Entity('historical_features_jobs')
@Check(
  'ck_historical_features_jobs_status',
  `status IN (${historicalFeaturesStatuses.map((status) => `'${status}'`).join(', ')})`,
)
@Check('ck_historical_features_jobs_worker', `(worker IS NOT NULL) = (status = 'RUNNING')`)
@Check('ck_historical_features_jobs_ended', `(ended_at IS NULL) = (status IN ('QUEUED', 'RUNNING'))`)
@Check('ck_historical_features_jobs_result', `(result IS NOT NULL) = (status = 'SUCCEEDED')`)
@Index('ix_historical_features_jobs_created', ['workspaceId', 'createdAt', 'id'])
@Index('ix_historical_features_jobs_open', ['enqueuedAt'], { where: 'ended_at IS NULL' })
export class HistoricalFeaturesJobEntity implements HistoricalFeaturesJob {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_historical_features_jobs' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('jsonb', { nullable: true })
  service!: HistoricalFeaturesJob['service'];

  @Column('jsonb')
  features!: readonly ServiceFeature[];

  @Column('jsonb')
  labels!: LabelsReference;

  @Column('text')
  eventTimeColumn!: string;

  @Column('jsonb')
  snapshots!: readonly NamedSnapshot[];

  @Column('varchar', { length: 16 })
  status!: HistoricalFeaturesStatus;

  /** What it is at while it runs. */
  @Column('varchar', { length: 16, nullable: true })
  phase!: HistoricalFeaturesPhase | null;

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

  /** Its rows may hold texts with U+0000, which jsonb refuses. */
  @Column('json', { nullable: true })
  result!: HistoricalFeaturesResult | null;

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

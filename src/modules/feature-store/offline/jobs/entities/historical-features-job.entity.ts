import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import { LeasedRowEntity } from '../../../../../common/queue/leased-row.entity.js';
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
export class HistoricalFeaturesJobEntity extends LeasedRowEntity implements HistoricalFeaturesJob {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_historical_features_jobs' })
  id!: string;

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

  /** Its rows may hold texts with U+0000, which jsonb refuses. */
  @Column('json', { nullable: true })
  result!: HistoricalFeaturesResult | null;
}

import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import type { VariantRole } from '../variant.js';

/** One prediction of a deployment's variant; its id is the prediction's. */
@Entity('prediction_log')
@Index('prediction_log_created_idx', ['workspaceId', 'createdAt', 'id'])
@Index('prediction_log_deployment_idx', ['deploymentId', 'createdAt', 'id'])
@Index('prediction_log_age_idx', ['createdAt'])
@Index('prediction_log_primary_idx', ['primaryId'], { where: 'primary_id IS NOT NULL' })
export class LoggedPredictionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'prediction_log_pkey' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  deploymentId!: string;

  /** Name of the deployment at that time. */
  @Column('text')
  deployment!: string;

  @Column('text')
  variant!: string;

  @Column('text')
  role!: VariantRole;

  @Column('text')
  model!: string;

  @Column('integer')
  version!: number;

  @Column('text')
  requestId!: string;

  /** Of a shadow: the prediction that was answered. */
  @Column('uuid', { nullable: true })
  primaryId!: string | null;

  /** From the request's arrival to its answer, in milliseconds; of a shadow, that of its own run. */
  @Column('double precision')
  latencyMs!: number;

  @Column('text', { nullable: true })
  errorCode!: ErrorCode | null;

  /** Whether the sample took it; else it was logged because a canary runs. */
  @Column('boolean')
  sampled!: boolean;

  /** Not `jsonb`, which refuses U+0000 in strings. */
  @Column('json', { nullable: true })
  inputs!: unknown;

  @Column('json', { nullable: true })
  outputs!: unknown;

  /** The features that were used, where it was asked for by entity. */
  @Column('json', { nullable: true })
  features!: unknown;

  /** The predicted class, where outputs are kept and the prediction is of one record. */
  @Column('text', { nullable: true })
  label!: string | null;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}

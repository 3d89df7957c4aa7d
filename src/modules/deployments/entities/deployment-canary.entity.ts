import { Check, Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import type { CanaryStatus } from '../canary/canary-state.rules.js';
import type { CanaryGates } from '../canary/canary.js';
import { DeploymentEntity } from './deployment.entity.js';

/** A model version that is, or was, brought into a deployment step by step. */
@Entity('deployment_canaries')
@Check('deployment_canaries_status_check', `status IN ('RUNNING', 'SUCCEEDED', 'ROLLED_BACK', 'CANCELLED')`)
@Index('deployment_canaries_running_key', ['deploymentId'], { unique: true, where: `status = 'RUNNING'` })
@Index('deployment_canaries_started_idx', ['deploymentId', 'startedAt', 'id'])
export class DeploymentCanaryEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'deployment_canaries_pkey' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  deploymentId!: string;

  @ManyToOne(() => DeploymentEntity, { nullable: false })
  @JoinColumn({ name: 'deployment_id', foreignKeyConstraintName: 'deployment_canaries_deployment_fkey' })
  target?: Relation<DeploymentEntity>;

  @Column('text')
  model!: string;

  @Column('integer')
  version!: number;

  @Column('jsonb')
  steps!: number[];

  @Column('integer')
  bakeSeconds!: number;

  @Column('jsonb')
  gates!: CanaryGates;

  @Column('text')
  status!: CanaryStatus;

  @Column('integer')
  step!: number;

  @Column('text')
  reason!: string;

  @Column('text')
  startedBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  startedAt!: Date;

  @Column({ type: 'timestamptz', precision: 3 })
  stepStartedAt!: Date;

  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  endedAt!: Date | null;
}

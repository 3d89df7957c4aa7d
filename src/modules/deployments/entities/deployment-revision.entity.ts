import { Column, Entity, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import type { LoggingPolicy, Variant } from '../variant.js';
import { DeploymentEntity } from './deployment.entity.js';

/** What a deployment was made of from one moment until its next revision. Never changed. */
@Entity('deployment_revisions')
export class DeploymentRevisionEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'deployment_revisions_pkey' })
  deploymentId!: string;

  /** 1, 2, 3… without gaps in each deployment. */
  @PrimaryColumn('integer', { primaryKeyConstraintName: 'deployment_revisions_pkey' })
  revision!: number;

  @ManyToOne(() => DeploymentEntity, { nullable: false })
  @JoinColumn({ name: 'deployment_id', foreignKeyConstraintName: 'deployment_revisions_deployment_fkey' })
  deployment?: Relation<DeploymentEntity>;

  @Column('uuid')
  workspaceId!: string;

  @Column('jsonb')
  variants!: readonly Variant[];

  @Column('jsonb')
  logging!: LoggingPolicy;

  /** The earlier revision that a rollback went back to. */
  @Column('integer', { nullable: true })
  restores!: number | null;

  /** Why it was made, in words. */
  @Column('text')
  reason!: string;

  @Column('text')
  createdBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}

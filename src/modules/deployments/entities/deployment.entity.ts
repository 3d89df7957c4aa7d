import { Check, Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Environment } from '../variant.js';

/** A named endpoint. What it is made of is in its revisions. */
@Entity('deployments')
@Check('deployments_environment_check', `environment IN ('STAGING', 'PRODUCTION')`)
@Index('deployments_name_key', ['workspaceId', 'name'], { unique: true, where: 'deleted_at IS NULL' })
@Index('deployments_history_idx', ['workspaceId', 'name', 'createdAt'])
export class DeploymentEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'deployments_pkey' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  /** Collated by bytes, so that lists are ordered alike on every installation. */
  @Column({ type: 'text', collation: 'C' })
  name!: string;

  @Column('text')
  environment!: Environment;

  @Column('text')
  description!: string;

  /** Number of the revision that is live. */
  @Column('integer')
  revision!: number;

  /** Id of the canary that runs in it. */
  @Column('uuid', { nullable: true })
  canaryId!: string | null;

  @Column('text')
  createdBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;

  /** A deleted deployment is kept, so that what was live before can be told; its name is free again. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  deletedAt!: Date | null;
}

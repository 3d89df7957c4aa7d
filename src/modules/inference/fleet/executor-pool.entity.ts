import { Check, Column, Entity, PrimaryColumn } from 'typeorm';
import type { AutoscalingPolicy } from './autoscaling/autoscaling.rules.js';
import type { PoolResources } from './pool-resources.rules.js';

/** A policy, and the workspace of who set it, which sees what comes of it. */
export interface StoredPolicy extends AutoscalingPolicy {
  readonly workspaceId: string;
}

/** How a pool of executors is to be. A pool without a row is as its workers' settings say. */
@Entity('executor_pools')
@Check('ck_executor_pools_replicas', 'replicas BETWEEN 0 AND 1000')
export class ExecutorPoolEntity {
  @PrimaryColumn('varchar', { length: 64, primaryKeyConstraintName: 'pk_executor_pools' })
  name!: string;

  /** Executors of all workers of the pool together; null where nobody has said. */
  @Column('integer', { nullable: true })
  replicas!: number | null;

  /** What each executor is given; what is not here is as the workers' settings say. */
  @Column({ type: 'jsonb', default: {} })
  resources!: PoolResources;

  /** Null where it does not scale itself. */
  @Column({ type: 'jsonb', nullable: true })
  autoscaling!: StoredPolicy | null;

  /** Since when there has been too little to do. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  calmSince!: Date | null;

  /** When it last scaled itself. */
  @Column({ type: 'timestamptz', precision: 3, nullable: true })
  scaledAt!: Date | null;

  /** Why it last scaled itself. */
  @Column('varchar', { length: 300, nullable: true })
  scaleReason!: string | null;

  /** Why it is not larger, although that would help. */
  @Column('varchar', { length: 300, nullable: true })
  heldBack!: string | null;

  @Column({ type: 'timestamptz', precision: 3 })
  updatedAt!: Date;
}

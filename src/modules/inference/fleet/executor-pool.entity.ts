import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** How large a pool of executors is to be. A pool without a row is as large as its workers' settings say. */
@Entity('executor_pools')
@Check('ck_executor_pools_replicas', 'replicas BETWEEN 0 AND 1000')
export class ExecutorPoolEntity {
  @PrimaryColumn('varchar', { length: 64, primaryKeyConstraintName: 'pk_executor_pools' })
  name!: string;

  /** Executors of all workers of the pool together. */
  @Column('integer')
  replicas!: number;

  @Column({ type: 'timestamptz', precision: 3 })
  updatedAt!: Date;
}

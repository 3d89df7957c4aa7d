import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What one process saw of the load of a pool in a span of time. The table is unlogged. */
@Entity('executor_pool_loads')
export class ExecutorPoolLoadEntity {
  @PrimaryColumn('varchar', { length: 64, primaryKeyConstraintName: 'pk_executor_pool_loads' })
  pool!: string;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_executor_pool_loads' })
  processId!: string;

  @Column('integer')
  requests!: number;

  /** Time that they waited, all together. */
  @Column('double precision')
  queueMs!: number;

  /** Time that executors worked for them. */
  @Column('double precision')
  busyMs!: number;

  @Column('double precision')
  spanMs!: number;

  @Column({ type: 'timestamptz', precision: 3 })
  measuredAt!: Date;
}

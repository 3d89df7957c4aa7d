import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { ExecutorHostState } from '../protocol/executor-state.js';

/** What one worker last said of its executors. The table is unlogged: after a crash it would tell of another time. */
@Entity('executor_hosts')
export class ExecutorHostEntity {
  @PrimaryColumn('varchar', { length: 64, primaryKeyConstraintName: 'pk_executor_hosts' })
  hostId!: string;

  @Column({ type: 'jsonb' })
  states!: ExecutorHostState;

  @Column({ type: 'timestamptz', precision: 3 })
  heartbeatAt!: Date;
}

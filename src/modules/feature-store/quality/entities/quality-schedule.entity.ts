import { Column, Entity, Index, PrimaryColumn } from 'typeorm';

/** When a source is to be measured next. */
@Entity('data_quality_schedules')
@Index('ix_data_quality_schedules_due', ['dueAt'])
export class QualityScheduleEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_quality_schedules' })
  sourceId!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  dueAt!: Date;
}

import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { QualityMeasurement } from '../data-quality.js';

/** What was measured of a source at one time. */
@Entity('data_quality_measurements')
@Index('ix_data_quality_measurements_of', ['sourceId', 'measuredAt', 'id'])
@Index('ix_data_quality_measurements_age', ['measuredAt'])
export class QualityMeasurementEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_quality_measurements' })
  id!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('uuid')
  sourceId!: string;

  @Column('jsonb')
  measurement!: QualityMeasurement;

  @Column({ type: 'timestamptz', precision: 3 })
  measuredAt!: Date;
}

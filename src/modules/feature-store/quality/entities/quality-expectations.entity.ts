import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { QualityExpectations } from '../data-quality.js';

/** What is expected of the data of a source; without a row, what is expected of all. */
@Entity('data_quality_expectations')
export class QualityExpectationsEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_data_quality_expectations' })
  sourceId!: string;

  @Column('uuid')
  workspaceId!: string;

  @Column('jsonb')
  expectations!: QualityExpectations;

  @Column('text')
  updatedBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  updatedAt!: Date;
}

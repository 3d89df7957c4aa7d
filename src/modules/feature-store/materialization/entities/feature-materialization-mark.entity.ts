import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Up to where a version of a view is online. */
@Entity('feature_materialization_marks')
export class FeatureMaterializationMarkEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_feature_materialization_marks' })
  viewVersionId!: string;

  /** The greatest event time that was read, in whole milliseconds, rounded down. */
  @Column({ type: 'timestamptz', precision: 3 })
  materializedUntil!: Date;
}

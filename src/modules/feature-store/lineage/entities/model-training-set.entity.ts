import { Column, Entity, Index, JoinColumn, ManyToOne, PrimaryColumn, type Relation } from 'typeorm';
import { HistoricalFeaturesJobEntity } from '../../offline/jobs/entities/historical-features-job.entity.js';

/** That a model version was trained on a training set, which is therefore kept: the database refuses to delete its job. */
@Entity('model_training_sets')
@Index('ix_model_training_sets_job', ['jobId'])
export class ModelTrainingSetEntity {
  /** Without a foreign key: versions are the registry's, and are never deleted. */
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_model_training_sets' })
  versionId!: string;

  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_model_training_sets' })
  jobId!: string;

  @ManyToOne(() => HistoricalFeaturesJobEntity, { nullable: false })
  @JoinColumn({ name: 'job_id', foreignKeyConstraintName: 'model_training_sets_job_fkey' })
  job?: Relation<HistoricalFeaturesJobEntity>;

  @Column('uuid')
  workspaceId!: string;

  /** Id of the user or API key. */
  @Column('text')
  namedBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  namedAt!: Date;
}

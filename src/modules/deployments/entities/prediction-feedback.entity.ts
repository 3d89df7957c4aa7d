import { Check, Column, Entity, PrimaryColumn } from 'typeorm';

/** What turned out to be right, or what a prediction was worth: one for each prediction. Never changed. */
@Entity('prediction_feedback')
@Check('prediction_feedback_content_check', '(label IS NULL) <> (reward IS NULL)')
export class PredictionFeedbackEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'prediction_feedback_pkey' })
  predictionId!: string;

  @Column('uuid')
  workspaceId!: string;

  /** The class that was right. */
  @Column('text', { nullable: true })
  label!: string | null;

  @Column('double precision', { nullable: true })
  reward!: number | null;

  @Column('text')
  createdBy!: string;

  @Column({ type: 'timestamptz', precision: 3 })
  createdAt!: Date;
}

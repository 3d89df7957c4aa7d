import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What became of predictions, so that variants can be compared by it. */
export class CreatePredictionFeedback1795427210200 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE prediction_feedback (
        prediction_id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        label text,
        reward double precision,
        created_by text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT prediction_feedback_pkey PRIMARY KEY (prediction_id),
        CONSTRAINT prediction_feedback_content_check CHECK ((label IS NULL) <> (reward IS NULL))
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE prediction_feedback');
  }
}

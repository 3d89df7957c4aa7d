import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which training sets model versions were trained on, and the way from versions of feature services to their models. */
export class CreateModelTrainingSets1795427345000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE model_training_sets (
        version_id uuid NOT NULL,
        job_id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        named_by text NOT NULL,
        named_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_model_training_sets PRIMARY KEY (version_id, job_id),
        CONSTRAINT model_training_sets_job_fkey FOREIGN KEY (job_id) REFERENCES historical_features_jobs (id)
      )`);
    await queryRunner.query('CREATE INDEX ix_model_training_sets_job ON model_training_sets (job_id)');
    await queryRunner.query(
      'CREATE INDEX model_feature_bindings_service_version_idx ON model_feature_bindings (service_version_id)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX model_feature_bindings_service_version_idx');
    await queryRunner.query('DROP TABLE model_training_sets');
  }
}

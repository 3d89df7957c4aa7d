import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which feature services fill the inputs of model versions, and what predictions by entity used. */
export class CreateFeatureBindings1795427310000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE model_feature_bindings (
        version_id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        service_version_id uuid NOT NULL,
        service text NOT NULL,
        service_version integer NOT NULL,
        tensors jsonb NOT NULL,
        missing text NOT NULL,
        defaults jsonb NOT NULL,
        bound_by text NOT NULL,
        bound_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT model_feature_bindings_pkey PRIMARY KEY (version_id),
        CONSTRAINT model_feature_bindings_missing_check CHECK (missing IN ('ERROR', 'DEFAULT')),
        CONSTRAINT model_feature_bindings_version_fkey FOREIGN KEY (version_id) REFERENCES model_versions (id)
      )`);
    await queryRunner.query(
      'CREATE INDEX model_feature_bindings_workspace_idx ON model_feature_bindings (workspace_id, service)',
    );
    // Not jsonb, which refuses U+0000 in strings.
    await queryRunner.query('ALTER TABLE prediction_log ADD features json');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE prediction_log DROP COLUMN features');
    await queryRunner.query('DROP TABLE model_feature_bindings');
  }
}

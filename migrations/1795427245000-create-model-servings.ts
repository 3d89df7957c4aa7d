import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How model versions are to be served. */
export class CreateModelServings1795427245000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE model_servings (
        version_id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        residency text NOT NULL,
        policy jsonb NOT NULL,
        warm_up jsonb NOT NULL,
        revision integer NOT NULL,
        updated_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT model_servings_pkey PRIMARY KEY (version_id),
        CONSTRAINT model_servings_residency_check CHECK (residency IN ('ON_DEMAND', 'LOADED', 'UNLOADED')),
        CONSTRAINT model_servings_version_fkey FOREIGN KEY (version_id) REFERENCES model_versions (id)
      )`);
    await queryRunner.query('CREATE INDEX model_servings_workspace_idx ON model_servings (workspace_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE model_servings');
  }
}

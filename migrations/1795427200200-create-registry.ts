import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Artifacts of each workspace, registered models, their versions and aliases. */
export class CreateRegistry1795427200200 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE artifacts (
        workspace_id uuid NOT NULL,
        digest text NOT NULL,
        size_bytes bigint NOT NULL,
        created_by text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT artifacts_pkey PRIMARY KEY (workspace_id, digest)
      )`);
    await queryRunner.query(`
      CREATE TABLE registered_models (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        name text COLLATE "C" NOT NULL,
        description text NOT NULL,
        tags jsonb NOT NULL,
        next_version integer NOT NULL,
        created_by text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        updated_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT registered_models_pkey PRIMARY KEY (id),
        CONSTRAINT registered_models_name_key UNIQUE (workspace_id, name)
      )`);
    await queryRunner.query(
      'CREATE INDEX registered_models_created_idx ON registered_models (workspace_id, created_at, id)',
    );
    await queryRunner.query(
      'CREATE INDEX registered_models_updated_idx ON registered_models (workspace_id, updated_at, id)',
    );
    await queryRunner.query(`
      CREATE TABLE model_versions (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        model_id uuid NOT NULL,
        version integer NOT NULL,
        digest text NOT NULL,
        size_bytes bigint NOT NULL,
        stage text NOT NULL,
        description text NOT NULL,
        tags jsonb NOT NULL,
        metadata jsonb NOT NULL,
        signature jsonb NOT NULL,
        batchable boolean NOT NULL,
        onnx jsonb NOT NULL,
        created_by text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        updated_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT model_versions_pkey PRIMARY KEY (id),
        CONSTRAINT model_versions_version_key UNIQUE (model_id, version),
        CONSTRAINT model_versions_stage_check CHECK (stage IN ('NONE', 'STAGING', 'PRODUCTION', 'ARCHIVED')),
        CONSTRAINT model_versions_model_fkey FOREIGN KEY (model_id) REFERENCES registered_models (id),
        CONSTRAINT model_versions_artifact_fkey FOREIGN KEY (workspace_id, digest)
          REFERENCES artifacts (workspace_id, digest)
      )`);
    await queryRunner.query('CREATE INDEX model_versions_stage_idx ON model_versions (model_id, stage, version)');
    await queryRunner.query('CREATE INDEX model_versions_workspace_idx ON model_versions (workspace_id, digest)');
    await queryRunner.query(`
      CREATE TABLE model_aliases (
        model_id uuid NOT NULL,
        alias text COLLATE "C" NOT NULL,
        workspace_id uuid NOT NULL,
        version integer NOT NULL,
        updated_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT model_aliases_pkey PRIMARY KEY (model_id, alias),
        CONSTRAINT model_aliases_version_fkey FOREIGN KEY (model_id, version)
          REFERENCES model_versions (model_id, version)
      )`);
    await queryRunner.query('CREATE INDEX model_aliases_version_idx ON model_aliases (model_id, version)');
    await queryRunner.query('CREATE INDEX model_aliases_workspace_idx ON model_aliases (workspace_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['model_aliases', 'model_versions', 'registered_models', 'artifacts']) {
      await queryRunner.query(`DROP TABLE ${table}`);
    }
  }
}

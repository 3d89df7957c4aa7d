import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Feature entities, and the versions of feature views and feature services. */
export class CreateFeatureDefinitions1795427280000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE feature_entities (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        name text COLLATE "C" NOT NULL,
        description text NOT NULL,
        join_keys jsonb NOT NULL,
        created_by text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        updated_at timestamp(3) with time zone NOT NULL,
        deleted_at timestamp(3) with time zone,
        CONSTRAINT pk_feature_entities PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      'CREATE UNIQUE INDEX uq_feature_entities_name ON feature_entities (workspace_id, name) WHERE deleted_at IS NULL',
    );
    for (const kind of ['view', 'service']) {
      await queryRunner.query(`
        CREATE TABLE feature_${kind}s (
          id uuid NOT NULL,
          workspace_id uuid NOT NULL,
          name text COLLATE "C" NOT NULL,
          newest_version integer NOT NULL,
          deleted_at timestamp(3) with time zone,
          CONSTRAINT pk_feature_${kind}s PRIMARY KEY (id)
        )`);
      await queryRunner.query(
        `CREATE UNIQUE INDEX uq_feature_${kind}s_name ON feature_${kind}s (workspace_id, name) WHERE deleted_at IS NULL`,
      );
    }
    // What was learned may hold texts with U+0000, which jsonb refuses.
    await queryRunner.query(`
      CREATE TABLE feature_view_versions (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        view_id uuid NOT NULL,
        name text COLLATE "C" NOT NULL,
        version integer NOT NULL,
        definition jsonb NOT NULL,
        source_id uuid,
        view_version_ids uuid[] NOT NULL,
        state json,
        learned_from jsonb,
        created_by text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_feature_view_versions PRIMARY KEY (id),
        CONSTRAINT ck_feature_view_versions_state CHECK ((state IS NULL) = (learned_from IS NULL))
      )`);
    await queryRunner.query(
      'CREATE UNIQUE INDEX uq_feature_view_versions_version ON feature_view_versions (view_id, version)',
    );
    await queryRunner.query('CREATE INDEX ix_feature_view_versions_source ON feature_view_versions (source_id)');
    await queryRunner.query(`
      CREATE TABLE feature_service_versions (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        service_id uuid NOT NULL,
        name text COLLATE "C" NOT NULL,
        version integer NOT NULL,
        description text NOT NULL,
        features jsonb NOT NULL,
        view_version_ids uuid[] NOT NULL,
        created_by text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_feature_service_versions PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      'CREATE UNIQUE INDEX uq_feature_service_versions_version ON feature_service_versions (service_id, version)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE feature_service_versions');
    await queryRunner.query('DROP TABLE feature_view_versions');
    await queryRunner.query('DROP TABLE feature_services');
    await queryRunner.query('DROP TABLE feature_views');
    await queryRunner.query('DROP TABLE feature_entities');
  }
}

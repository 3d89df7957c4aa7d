import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Runs that bring rows of feature views online, and up to where they brought them. */
export class CreateFeatureMaterializations1795427290000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE feature_materializations (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        view_id uuid NOT NULL,
        view_version_id uuid NOT NULL,
        view text COLLATE "C" NOT NULL,
        version integer NOT NULL,
        kind character varying(16) NOT NULL,
        from_time timestamp(3) with time zone,
        to_time timestamp(3) with time zone NOT NULL,
        status character varying(16) NOT NULL,
        generation integer NOT NULL DEFAULT 1,
        attempts integer NOT NULL DEFAULT 0,
        max_attempts integer NOT NULL,
        request_id character varying(128) NOT NULL,
        requested_by jsonb NOT NULL,
        snapshots jsonb,
        entity_cursor jsonb,
        newest_event timestamp(3) with time zone,
        rows_read bigint NOT NULL DEFAULT 0,
        rows_written bigint NOT NULL DEFAULT 0,
        error_code character varying(64),
        error_message text,
        worker character varying(64),
        lease_until timestamp(3) with time zone,
        created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        available_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        enqueued_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        started_at timestamp(3) with time zone,
        ended_at timestamp(3) with time zone,
        CONSTRAINT pk_feature_materializations PRIMARY KEY (id),
        CONSTRAINT ck_feature_materializations_kind CHECK (kind IN ('FULL', 'INCREMENTAL')),
        CONSTRAINT ck_feature_materializations_status
          CHECK (status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
        CONSTRAINT ck_feature_materializations_worker CHECK ((worker IS NOT NULL) = (status = 'RUNNING')),
        CONSTRAINT ck_feature_materializations_ended
          CHECK ((ended_at IS NOT NULL) = (status IN ('SUCCEEDED', 'FAILED', 'CANCELLED')))
      )`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX uq_feature_materializations_running
         ON feature_materializations (view_id) WHERE status = 'RUNNING'`,
    );
    await queryRunner.query(
      'CREATE INDEX ix_feature_materializations_created ON feature_materializations (view_id, created_at, id)',
    );
    await queryRunner.query(
      'CREATE INDEX ix_feature_materializations_open ON feature_materializations (enqueued_at) WHERE ended_at IS NULL',
    );
    await queryRunner.query(`
      CREATE TABLE feature_materialization_marks (
        view_version_id uuid NOT NULL,
        materialized_until timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_feature_materialization_marks PRIMARY KEY (view_version_id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE feature_materialization_marks');
    await queryRunner.query('DROP TABLE feature_materializations');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Jobs that get historical features, and what was made of which snapshots and feature views. */
export class CreateHistoricalFeatures1795427300000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // The rows of a preview may hold texts with U+0000, which jsonb refuses.
    await queryRunner.query(`
      CREATE TABLE historical_features_jobs (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        service jsonb,
        features jsonb NOT NULL,
        labels jsonb NOT NULL,
        event_time_column text NOT NULL,
        snapshots jsonb NOT NULL,
        status character varying(16) NOT NULL,
        phase character varying(16),
        generation integer NOT NULL DEFAULT 1,
        attempts integer NOT NULL DEFAULT 0,
        max_attempts integer NOT NULL,
        request_id character varying(128) NOT NULL,
        requested_by jsonb NOT NULL,
        result json,
        error_code character varying(64),
        error_message text,
        worker character varying(64),
        lease_until timestamp(3) with time zone,
        created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        available_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        enqueued_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        started_at timestamp(3) with time zone,
        ended_at timestamp(3) with time zone,
        CONSTRAINT pk_historical_features_jobs PRIMARY KEY (id),
        CONSTRAINT ck_historical_features_jobs_status
          CHECK (status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
        CONSTRAINT ck_historical_features_jobs_worker CHECK ((worker IS NOT NULL) = (status = 'RUNNING')),
        CONSTRAINT ck_historical_features_jobs_ended CHECK ((ended_at IS NULL) = (status IN ('QUEUED', 'RUNNING'))),
        CONSTRAINT ck_historical_features_jobs_result CHECK ((result IS NOT NULL) = (status = 'SUCCEEDED'))
      )`);
    await queryRunner.query(
      'CREATE INDEX ix_historical_features_jobs_created ON historical_features_jobs (workspace_id, created_at, id)',
    );
    await queryRunner.query(
      'CREATE INDEX ix_historical_features_jobs_open ON historical_features_jobs (enqueued_at) WHERE ended_at IS NULL',
    );
    await queryRunner.query(`
      CREATE TABLE data_usages (
        kind character varying(32) NOT NULL,
        used_by uuid NOT NULL,
        source_id uuid NOT NULL,
        version integer NOT NULL,
        CONSTRAINT pk_data_usages PRIMARY KEY (kind, used_by, source_id, version),
        CONSTRAINT data_usages_snapshot_fkey FOREIGN KEY (source_id, version)
          REFERENCES data_snapshots (source_id, version)
      )`);
    await queryRunner.query('CREATE INDEX ix_data_usages_snapshot ON data_usages (source_id, version)');
    await queryRunner.query(`
      CREATE TABLE feature_view_usages (
        kind character varying(32) NOT NULL,
        used_by uuid NOT NULL,
        view_version_id uuid NOT NULL,
        CONSTRAINT pk_feature_view_usages PRIMARY KEY (kind, used_by, view_version_id)
      )`);
    await queryRunner.query('CREATE INDEX ix_feature_view_usages_view ON feature_view_usages (view_version_id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE feature_view_usages');
    await queryRunner.query('DROP TABLE data_usages');
    await queryRunner.query('DROP TABLE historical_features_jobs');
  }
}

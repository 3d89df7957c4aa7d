import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sources of data, the collections of them, and the snapshots that these leave. */
export class CreateDataSources1795427260000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE data_sources (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        name text COLLATE "C" NOT NULL,
        description text NOT NULL,
        kind character varying(16) NOT NULL,
        connection jsonb NOT NULL,
        secrets jsonb NOT NULL,
        schema jsonb NOT NULL,
        policy character varying(16) NOT NULL,
        revision integer NOT NULL DEFAULT 1,
        snapshot_version integer NOT NULL DEFAULT 0,
        created_by text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        updated_at timestamp(3) with time zone NOT NULL,
        deleted_at timestamp(3) with time zone,
        CONSTRAINT pk_data_sources PRIMARY KEY (id),
        CONSTRAINT ck_data_sources_kind CHECK (kind IN ('FILE')),
        CONSTRAINT ck_data_sources_policy CHECK (policy IN ('REJECT', 'QUARANTINE', 'WARN'))
      )`);
    await queryRunner.query(
      'CREATE UNIQUE INDEX uq_data_sources_name ON data_sources (workspace_id, name) WHERE deleted_at IS NULL',
    );
    await queryRunner.query(`
      CREATE TABLE data_collections (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        source_id uuid NOT NULL,
        input_digest text NOT NULL,
        status character varying(16) NOT NULL,
        phase character varying(16),
        generation integer NOT NULL DEFAULT 1,
        attempts integer NOT NULL DEFAULT 0,
        max_attempts integer NOT NULL,
        request_id character varying(128) NOT NULL,
        requested_by jsonb NOT NULL,
        rows_read bigint,
        rows_accepted bigint,
        rows_quarantined bigint,
        report jsonb,
        quarantine_digest text,
        snapshot_version integer,
        is_unchanged boolean,
        error_code character varying(64),
        error_message text,
        worker character varying(64),
        lease_until timestamp(3) with time zone,
        created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        available_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        enqueued_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        started_at timestamp(3) with time zone,
        ended_at timestamp(3) with time zone,
        CONSTRAINT pk_data_collections PRIMARY KEY (id),
        CONSTRAINT ck_data_collections_status
          CHECK (status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'REJECTED', 'FAILED')),
        CONSTRAINT ck_data_collections_worker CHECK ((worker IS NOT NULL) = (status = 'RUNNING')),
        CONSTRAINT ck_data_collections_ended
          CHECK ((ended_at IS NOT NULL) = (status IN ('SUCCEEDED', 'REJECTED', 'FAILED')))
      )`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX uq_data_collections_running ON data_collections (source_id) WHERE status = 'RUNNING'`,
    );
    await queryRunner.query('CREATE INDEX ix_data_collections_created ON data_collections (source_id, created_at, id)');
    await queryRunner.query(
      'CREATE INDEX ix_data_collections_open ON data_collections (enqueued_at) WHERE ended_at IS NULL',
    );
    await queryRunner.query(`
      CREATE TABLE data_snapshots (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        source_id uuid NOT NULL,
        version integer NOT NULL,
        parent_version integer,
        artifact_digest text NOT NULL,
        size_bytes bigint NOT NULL,
        content_digest character(64) NOT NULL,
        row_count bigint NOT NULL,
        schema jsonb NOT NULL,
        statistics jsonb NOT NULL,
        collection_id uuid NOT NULL,
        created_by text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_data_snapshots PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE UNIQUE INDEX uq_data_snapshots_version ON data_snapshots (source_id, version)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE data_snapshots');
    await queryRunner.query('DROP TABLE data_collections');
    await queryRunner.query('DROP TABLE data_sources');
  }
}

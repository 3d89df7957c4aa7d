import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Batch inferences, and the chunks that they are run in. */
export class CreateBatchInferences1795427220000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE batch_inferences (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        model_version_id uuid NOT NULL,
        model character varying(255) NOT NULL,
        version integer NOT NULL,
        input_digest text NOT NULL,
        input_format character varying(16) NOT NULL,
        output_format character varying(16) NOT NULL,
        include_input boolean NOT NULL,
        chunk_rows integer NOT NULL,
        priority smallint NOT NULL,
        status character varying(16) NOT NULL,
        generation integer NOT NULL DEFAULT 1,
        attempts integer NOT NULL DEFAULT 0,
        max_attempts integer NOT NULL,
        request_id character varying(128) NOT NULL,
        requested_by jsonb NOT NULL,
        idempotency_key character varying(255),
        payload_hash character(64),
        columns jsonb,
        rows_digest text,
        spool_digest text,
        rows_total integer,
        chunks_total integer,
        chunks_done integer NOT NULL DEFAULT 0,
        rows_done integer NOT NULL DEFAULT 0,
        rows_failed integer NOT NULL DEFAULT 0,
        output_digest text,
        output_size_bytes bigint,
        error_code character varying(64),
        error_message text,
        worker character varying(64),
        lease_until timestamp(3) with time zone,
        created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        available_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        enqueued_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        started_at timestamp(3) with time zone,
        run_started_at timestamp(3) with time zone,
        run_started_rows integer NOT NULL DEFAULT 0,
        run_ended_at timestamp(3) with time zone,
        ended_at timestamp(3) with time zone,
        CONSTRAINT pk_batch_inferences PRIMARY KEY (id),
        CONSTRAINT ck_batch_inferences_status CHECK (status IN
          ('QUEUED', 'SPLITTING', 'RUNNING', 'ASSEMBLING', 'SUCCEEDED', 'FAILED', 'CANCELLED')),
        CONSTRAINT ck_batch_inferences_worker CHECK (worker IS NULL OR status IN ('SPLITTING', 'ASSEMBLING')),
        CONSTRAINT ck_batch_inferences_ended
          CHECK ((ended_at IS NOT NULL) = (status IN ('SUCCEEDED', 'FAILED', 'CANCELLED')))
      )`);
    await queryRunner.query(`
      CREATE UNIQUE INDEX uq_batch_inferences_idempotency_key ON batch_inferences (workspace_id, idempotency_key)
      WHERE idempotency_key IS NOT NULL`);
    await queryRunner.query(`
      CREATE INDEX ix_batch_inferences_created ON batch_inferences (workspace_id, created_at, id)`);
    await queryRunner.query(`
      CREATE INDEX ix_batch_inferences_open ON batch_inferences (enqueued_at) WHERE ended_at IS NULL`);
    await queryRunner.query(`
      CREATE INDEX ix_batch_inferences_ended ON batch_inferences (ended_at) WHERE ended_at IS NOT NULL`);
    await queryRunner.query(`
      CREATE TABLE batch_chunks (
        id uuid NOT NULL,
        batch_id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        index integer NOT NULL,
        first_row integer NOT NULL,
        rows integer NOT NULL,
        start_byte bigint NOT NULL,
        end_byte bigint NOT NULL,
        status character varying(16) NOT NULL DEFAULT 'QUEUED',
        generation integer NOT NULL DEFAULT 1,
        attempts integer NOT NULL DEFAULT 0,
        rows_failed integer,
        result bytea,
        error_code character varying(64),
        error_message text,
        worker character varying(64),
        lease_until timestamp(3) with time zone,
        available_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        enqueued_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        ended_at timestamp(3) with time zone,
        CONSTRAINT pk_batch_chunks PRIMARY KEY (id),
        CONSTRAINT ck_batch_chunks_status CHECK (status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED')),
        CONSTRAINT ck_batch_chunks_worker CHECK ((worker IS NOT NULL) = (status = 'RUNNING'))
      )`);
    // Results come compressed: spare the attempt.
    await queryRunner.query('ALTER TABLE batch_chunks ALTER COLUMN result SET STORAGE EXTERNAL');
    await queryRunner.query('CREATE UNIQUE INDEX uq_batch_chunks_index ON batch_chunks (batch_id, index)');
    await queryRunner.query(`
      CREATE INDEX ix_batch_chunks_queued ON batch_chunks (enqueued_at) WHERE status = 'QUEUED'`);
    await queryRunner.query(`
      CREATE INDEX ix_batch_chunks_running ON batch_chunks (lease_until) WHERE status = 'RUNNING'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE batch_chunks');
    await queryRunner.query('DROP TABLE batch_inferences');
  }
}

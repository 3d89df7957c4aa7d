import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The record of queued inference, and the directory of executors. */
export class CreateInferenceJobs1795427200300 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE inference_jobs (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        model_version_id uuid NOT NULL,
        model character varying(255) NOT NULL,
        version integer NOT NULL,
        digest character(64) NOT NULL,
        status character varying(16) NOT NULL,
        priority smallint NOT NULL,
        generation integer NOT NULL DEFAULT 1,
        attempts integer NOT NULL DEFAULT 0,
        max_attempts integer NOT NULL,
        timeout_ms integer NOT NULL,
        request_id character varying(128) NOT NULL,
        encoding character varying(16),
        with_records boolean NOT NULL,
        rows integer NOT NULL,
        idempotency_key character varying(255),
        payload_hash character(64),
        payload bytea,
        result bytea,
        executor character varying(255),
        error_code character varying(64),
        error_message text,
        worker character varying(64),
        created_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        available_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        enqueued_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        lease_until timestamp(3) with time zone,
        started_at timestamp(3) with time zone,
        ended_at timestamp(3) with time zone,
        CONSTRAINT pk_inference_jobs PRIMARY KEY (id),
        CONSTRAINT ck_inference_jobs_status
          CHECK (status IN ('QUEUED', 'RUNNING', 'SUCCEEDED', 'FAILED', 'CANCELLED', 'DEAD'))
      )`);
    // Tensors hardly compress: spare the attempt.
    await queryRunner.query(`
      ALTER TABLE inference_jobs ALTER COLUMN payload SET STORAGE EXTERNAL, ALTER COLUMN result SET STORAGE EXTERNAL`);
    await queryRunner.query(`
      CREATE UNIQUE INDEX uq_inference_jobs_idempotency_key ON inference_jobs (workspace_id, idempotency_key)
      WHERE idempotency_key IS NOT NULL`);
    await queryRunner.query(`
      CREATE INDEX ix_inference_jobs_created ON inference_jobs (workspace_id, created_at, id)`);
    await queryRunner.query(`
      CREATE INDEX ix_inference_jobs_queued ON inference_jobs (enqueued_at) WHERE status = 'QUEUED'`);
    await queryRunner.query(`
      CREATE INDEX ix_inference_jobs_running ON inference_jobs (lease_until) WHERE status = 'RUNNING'`);
    await queryRunner.query(`
      CREATE INDEX ix_inference_jobs_ended ON inference_jobs (ended_at) WHERE ended_at IS NOT NULL`);
    await queryRunner.query(`
      CREATE INDEX ix_inference_jobs_dead ON inference_jobs (workspace_id, created_at, id) WHERE status = 'DEAD'`);
    // What a worker says of its executors each second is worth nothing after a crash.
    await queryRunner.query(`
      CREATE UNLOGGED TABLE executor_hosts (
        host_id character varying(64) NOT NULL,
        states jsonb NOT NULL,
        heartbeat_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_executor_hosts PRIMARY KEY (host_id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE executor_hosts');
    await queryRunner.query('DROP TABLE inference_jobs');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What the variants of deployments answered. */
export class CreatePredictionLog1795427210100 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE prediction_log (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        deployment_id uuid NOT NULL,
        deployment text NOT NULL,
        variant text NOT NULL,
        role text NOT NULL,
        model text NOT NULL,
        version integer NOT NULL,
        request_id text NOT NULL,
        primary_id uuid,
        latency_ms double precision NOT NULL,
        error_code text,
        sampled boolean NOT NULL,
        inputs json,
        outputs json,
        label text,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT prediction_log_pkey PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE INDEX prediction_log_created_idx ON prediction_log (workspace_id, created_at, id)');
    await queryRunner.query(
      'CREATE INDEX prediction_log_deployment_idx ON prediction_log (deployment_id, created_at, id)',
    );
    await queryRunner.query(
      'CREATE INDEX prediction_log_primary_idx ON prediction_log (primary_id) WHERE primary_id IS NOT NULL',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE prediction_log');
  }
}

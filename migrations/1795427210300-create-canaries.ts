import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Model versions that are brought into deployments step by step. */
export class CreateCanaries1795427210300 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE deployment_canaries (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        deployment_id uuid NOT NULL,
        model text NOT NULL,
        version integer NOT NULL,
        steps jsonb NOT NULL,
        bake_seconds integer NOT NULL,
        gates jsonb NOT NULL,
        status text NOT NULL,
        step integer NOT NULL,
        reason text NOT NULL,
        started_by text NOT NULL,
        started_at timestamp(3) with time zone NOT NULL,
        step_started_at timestamp(3) with time zone NOT NULL,
        ended_at timestamp(3) with time zone,
        CONSTRAINT deployment_canaries_pkey PRIMARY KEY (id),
        CONSTRAINT deployment_canaries_status_check
          CHECK (status IN ('RUNNING', 'SUCCEEDED', 'ROLLED_BACK', 'CANCELLED')),
        CONSTRAINT deployment_canaries_deployment_fkey FOREIGN KEY (deployment_id) REFERENCES deployments (id)
      )`);
    await queryRunner.query(
      `CREATE UNIQUE INDEX deployment_canaries_running_key ON deployment_canaries (deployment_id) WHERE status = 'RUNNING'`,
    );
    await queryRunner.query(
      'CREATE INDEX deployment_canaries_started_idx ON deployment_canaries (deployment_id, started_at, id)',
    );
    await queryRunner.query('ALTER TABLE deployments ADD canary_id uuid');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE deployments DROP COLUMN canary_id');
    await queryRunner.query('DROP TABLE deployment_canaries');
  }
}

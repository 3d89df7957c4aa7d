import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Deployments and what they were made of at all times. */
export class CreateDeployments1795427210000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE deployments (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        name text COLLATE "C" NOT NULL,
        environment text NOT NULL,
        description text NOT NULL,
        revision integer NOT NULL,
        created_by text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        deleted_at timestamp(3) with time zone,
        CONSTRAINT deployments_pkey PRIMARY KEY (id),
        CONSTRAINT deployments_environment_check CHECK (environment IN ('STAGING', 'PRODUCTION'))
      )`);
    await queryRunner.query(
      'CREATE UNIQUE INDEX deployments_name_key ON deployments (workspace_id, name) WHERE deleted_at IS NULL',
    );
    await queryRunner.query('CREATE INDEX deployments_history_idx ON deployments (workspace_id, name, created_at)');
    await queryRunner.query(`
      CREATE TABLE deployment_revisions (
        deployment_id uuid NOT NULL,
        revision integer NOT NULL,
        workspace_id uuid NOT NULL,
        variants jsonb NOT NULL,
        logging jsonb NOT NULL,
        restores integer,
        reason text NOT NULL,
        created_by text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT deployment_revisions_pkey PRIMARY KEY (deployment_id, revision),
        CONSTRAINT deployment_revisions_deployment_fkey FOREIGN KEY (deployment_id) REFERENCES deployments (id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE deployment_revisions');
    await queryRunner.query('DROP TABLE deployments');
  }
}

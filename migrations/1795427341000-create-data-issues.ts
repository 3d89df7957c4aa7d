import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is wrong with data, from when it was found until it is right again. */
export class CreateDataIssues1795427341000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE data_issues (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        kind character varying(16) NOT NULL,
        subject_type character varying(32) NOT NULL,
        subject_id uuid NOT NULL,
        subject_name text NOT NULL,
        aspect text NOT NULL,
        message text NOT NULL,
        evidence jsonb NOT NULL,
        opened_at timestamp(3) with time zone NOT NULL,
        seen_at timestamp(3) with time zone NOT NULL,
        acknowledged_at timestamp(3) with time zone,
        acknowledged_by text,
        note text,
        resolved_at timestamp(3) with time zone,
        CONSTRAINT pk_data_issues PRIMARY KEY (id),
        CONSTRAINT ck_data_issues_kind CHECK (kind IN ('QUALITY', 'PARITY')),
        CONSTRAINT ck_data_issues_acknowledged CHECK ((acknowledged_at IS NULL) = (acknowledged_by IS NULL))
      )`);
    await queryRunner.query(
      'CREATE UNIQUE INDEX uq_data_issues_open ON data_issues (kind, subject_id, aspect) WHERE resolved_at IS NULL',
    );
    await queryRunner.query('CREATE INDEX ix_data_issues_opened ON data_issues (workspace_id, opened_at, id)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE data_issues');
  }
}

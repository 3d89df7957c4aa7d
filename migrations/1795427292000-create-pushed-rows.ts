import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Rows that were pushed to sources, until a collection has gathered them. */
export class CreatePushedRows1795427292000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE pushed_rows (
        id bigint GENERATED ALWAYS AS IDENTITY,
        workspace_id uuid NOT NULL,
        source_id uuid NOT NULL,
        digest bytea NOT NULL,
        row text,
        collection_id uuid,
        pushed_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        CONSTRAINT pk_pushed_rows PRIMARY KEY (id)
      )`);
    await queryRunner.query('CREATE UNIQUE INDEX uq_pushed_rows_digest ON pushed_rows (source_id, digest)');
    await queryRunner.query('CREATE INDEX ix_pushed_rows_waiting ON pushed_rows (source_id, id) WHERE row IS NOT NULL');
    await queryRunner.query('CREATE INDEX ix_pushed_rows_gathered ON pushed_rows (pushed_at) WHERE row IS NULL');
    await queryRunner.query('ALTER TABLE data_collections ADD COLUMN is_pushed boolean NOT NULL DEFAULT false');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE data_collections DROP COLUMN is_pushed');
    await queryRunner.query('DROP TABLE pushed_rows');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sources of several kinds: each connection says its own, and what fetches by itself has no file but a place it is read up to. */
export class DistinguishSourceConnections1795427320000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`UPDATE data_sources SET connection = connection || jsonb_build_object('kind', kind)`);
    await queryRunner.query(
      `ALTER TABLE data_sources ADD CONSTRAINT ck_data_sources_connection CHECK (connection ->> 'kind' = kind)`,
    );
    await queryRunner.query('ALTER TABLE data_collections ALTER COLUMN input_digest DROP NOT NULL');
    await queryRunner.query(`
      CREATE TABLE data_source_cursors (
        source_id uuid NOT NULL,
        cursor jsonb NOT NULL,
        updated_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_data_source_cursors PRIMARY KEY (source_id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE data_source_cursors');
    await queryRunner.query('DELETE FROM data_collections WHERE input_digest IS NULL');
    await queryRunner.query('ALTER TABLE data_collections ALTER COLUMN input_digest SET NOT NULL');
    await queryRunner.query('ALTER TABLE data_sources DROP CONSTRAINT ck_data_sources_connection');
    await queryRunner.query(`UPDATE data_sources SET connection = connection - 'kind'`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sources whose collections add rows, and snapshots that only hold what they add. */
export class AppendToDataSources1795427340000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE data_sources
        ADD COLUMN mode character varying(16) NOT NULL DEFAULT 'REPLACE',
        ADD CONSTRAINT ck_data_sources_mode CHECK (mode IN ('REPLACE', 'APPEND'))`);
    await queryRunner.query(`
      ALTER TABLE data_snapshots
        ADD COLUMN is_increment boolean NOT NULL DEFAULT false,
        ADD COLUMN total_row_count bigint`);
    await queryRunner.query('UPDATE data_snapshots SET total_row_count = row_count');
    await queryRunner.query(`
      ALTER TABLE data_snapshots
        ALTER COLUMN total_row_count SET NOT NULL,
        ADD CONSTRAINT ck_data_snapshots_parent
          CHECK (parent_version < version AND (parent_version IS NOT NULL OR NOT is_increment))`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE data_snapshots
        DROP CONSTRAINT ck_data_snapshots_parent,
        DROP COLUMN total_row_count,
        DROP COLUMN is_increment`);
    await queryRunner.query('ALTER TABLE data_sources DROP CONSTRAINT ck_data_sources_mode, DROP COLUMN mode');
  }
}

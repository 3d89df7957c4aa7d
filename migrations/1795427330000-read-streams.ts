import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sources that are streams. */
export class ReadStreams1795427330000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE data_sources DROP CONSTRAINT ck_data_sources_kind');
    await queryRunner.query(
      `ALTER TABLE data_sources ADD CONSTRAINT ck_data_sources_kind CHECK (kind IN ('FILE', 'DATABASE', 'API', 'STREAM'))`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DELETE FROM data_sources WHERE kind = 'STREAM'`);
    await queryRunner.query('ALTER TABLE data_sources DROP CONSTRAINT ck_data_sources_kind');
    await queryRunner.query(
      `ALTER TABLE data_sources ADD CONSTRAINT ck_data_sources_kind CHECK (kind IN ('FILE', 'DATABASE', 'API'))`,
    );
  }
}

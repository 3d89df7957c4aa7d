import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sources that are read from a database. */
export class ReadDatabases1795427320100 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE data_sources DROP CONSTRAINT ck_data_sources_kind');
    await queryRunner.query(
      `ALTER TABLE data_sources ADD CONSTRAINT ck_data_sources_kind CHECK (kind IN ('FILE', 'DATABASE'))`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DELETE FROM data_sources WHERE kind = 'DATABASE'`);
    await queryRunner.query('ALTER TABLE data_sources DROP CONSTRAINT ck_data_sources_kind');
    await queryRunner.query(`ALTER TABLE data_sources ADD CONSTRAINT ck_data_sources_kind CHECK (kind IN ('FILE'))`);
  }
}

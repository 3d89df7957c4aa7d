import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sources that are read from an API. */
export class ReadApis1795427320200 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE data_sources DROP CONSTRAINT ck_data_sources_kind');
    await queryRunner.query(
      `ALTER TABLE data_sources ADD CONSTRAINT ck_data_sources_kind CHECK (kind IN ('FILE', 'DATABASE', 'API'))`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`DELETE FROM data_sources WHERE kind = 'API'`);
    await queryRunner.query('ALTER TABLE data_sources DROP CONSTRAINT ck_data_sources_kind');
    await queryRunner.query(
      `ALTER TABLE data_sources ADD CONSTRAINT ck_data_sources_kind CHECK (kind IN ('FILE', 'DATABASE'))`,
    );
  }
}

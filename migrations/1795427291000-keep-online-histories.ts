import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is kept of an entity beside its row: recent rows of its source, which windows look back at. */
export class KeepOnlineHistories1795427291000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE online_features ADD COLUMN history text, ADD COLUMN history_revision uuid');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE online_features DROP COLUMN history, DROP COLUMN history_revision');
  }
}

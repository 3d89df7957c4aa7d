import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Keys of entities may hold U+0000, which jsonb refuses. */
export class KeepAnyEntityCursor1795427347000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE feature_materializations ALTER COLUMN entity_cursor TYPE json');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE feature_materializations ALTER COLUMN entity_cursor TYPE jsonb');
  }
}

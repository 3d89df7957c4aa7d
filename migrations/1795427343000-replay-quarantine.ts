import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which rows of a collection still wait in quarantine, and collections that take such rows again. */
export class ReplayQuarantine1795427343000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE data_collections
        ADD COLUMN open_quarantine_digest text,
        ADD COLUMN rows_replayed bigint NOT NULL DEFAULT 0,
        ADD COLUMN replay_of uuid,
        ADD COLUMN corrections jsonb`);
    await queryRunner.query('UPDATE data_collections SET open_quarantine_digest = quarantine_digest');
    await queryRunner.query(`
      CREATE INDEX ix_data_collections_quarantine ON data_collections (source_id, created_at, id)
      WHERE open_quarantine_digest IS NOT NULL`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX ix_data_collections_quarantine');
    await queryRunner.query(`
      ALTER TABLE data_collections
        DROP COLUMN corrections,
        DROP COLUMN replay_of,
        DROP COLUMN rows_replayed,
        DROP COLUMN open_quarantine_digest`);
  }
}

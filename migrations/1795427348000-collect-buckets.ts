import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sources whose files are found in a bucket; those there are have none. */
export class CollectBuckets1795427348000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `UPDATE data_sources SET connection = connection || '{"bucket": null}' WHERE kind = 'FILE'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`UPDATE data_sources SET connection = connection - 'bucket' WHERE kind = 'FILE'`);
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sources whose files are found in a folder; those there are have none. */
export class CollectFolders1795427331000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `UPDATE data_sources SET connection = connection || '{"folder": null, "pattern": null}' WHERE kind = 'FILE'`,
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      `UPDATE data_sources SET connection = connection - 'folder' - 'pattern' WHERE kind = 'FILE'`,
    );
  }
}

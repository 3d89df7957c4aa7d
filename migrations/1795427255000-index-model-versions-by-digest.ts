import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Workers ask which versions, of any workspace, hold a file. */
export class IndexModelVersionsByDigest1795427255000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE INDEX model_versions_digest_idx ON model_versions (digest)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX model_versions_digest_idx');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Which files the artifact store has, and when each was last wanted: those that nobody wants are deleted. */
export class KnowArtifactFiles1795427346000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'ALTER TABLE artifacts ADD COLUMN touched_at timestamp(3) with time zone NOT NULL DEFAULT now()',
    );
    await queryRunner.query(`
      CREATE TABLE artifact_files (
        digest text NOT NULL,
        touched_at timestamp(3) with time zone NOT NULL DEFAULT now(),
        CONSTRAINT artifact_files_pkey PRIMARY KEY (digest)
      )`);
    await queryRunner.query('INSERT INTO artifact_files (digest) SELECT DISTINCT digest FROM artifacts');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE artifact_files');
    await queryRunner.query('ALTER TABLE artifacts DROP COLUMN touched_at');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** In which pack the queue has a job that waits. */
export class PackInferenceJobs1795427270100 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE inference_jobs ADD COLUMN pack uuid');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE inference_jobs DROP COLUMN pack');
  }
}

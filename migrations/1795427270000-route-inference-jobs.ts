import type { MigrationInterface, QueryRunner } from 'typeorm';

/** By which deployment and variant the model of a job was chosen. */
export class RouteInferenceJobs1795427270000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE inference_jobs
        ADD COLUMN deployment text,
        ADD COLUMN variant text`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE inference_jobs DROP COLUMN deployment, DROP COLUMN variant');
  }
}

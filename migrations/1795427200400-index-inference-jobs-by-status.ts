import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Lists by status without reading the jobs of other ones; and rows that say the same by status, worker and end. */
export class IndexInferenceJobsByStatus1795427200400 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX ix_inference_jobs_dead');
    await queryRunner.query(`
      CREATE INDEX ix_inference_jobs_status ON inference_jobs (workspace_id, status, created_at, id)
      WHERE status <> 'SUCCEEDED'`);
    await queryRunner.query(`
      ALTER TABLE inference_jobs
        ADD CONSTRAINT ck_inference_jobs_worker CHECK ((worker IS NOT NULL) = (status = 'RUNNING')),
        ADD CONSTRAINT ck_inference_jobs_ended CHECK ((ended_at IS NULL) = (status IN ('QUEUED', 'RUNNING')))`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE inference_jobs DROP CONSTRAINT ck_inference_jobs_worker, DROP CONSTRAINT ck_inference_jobs_ended`);
    await queryRunner.query('DROP INDEX ix_inference_jobs_status');
    await queryRunner.query(`
      CREATE INDEX ix_inference_jobs_dead ON inference_jobs (workspace_id, created_at, id) WHERE status = 'DEAD'`);
  }
}

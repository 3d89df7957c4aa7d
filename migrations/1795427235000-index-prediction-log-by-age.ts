import type { MigrationInterface, QueryRunner } from 'typeorm';

/** So that looking for what is too old does not read the whole log. */
export class IndexPredictionLogByAge1795427235000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('CREATE INDEX prediction_log_age_idx ON prediction_log (created_at)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX prediction_log_age_idx');
  }
}

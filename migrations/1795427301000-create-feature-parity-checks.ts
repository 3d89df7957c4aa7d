import type { MigrationInterface, QueryRunner } from 'typeorm';

/** When feature views are compared online and offline, and what was found last. */
export class CreateFeatureParityChecks1795427301000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE feature_parity_checks (
        view_id uuid NOT NULL,
        due_at timestamp(3) with time zone NOT NULL,
        report jsonb,
        checked_at timestamp(3) with time zone,
        CONSTRAINT pk_feature_parity_checks PRIMARY KEY (view_id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE feature_parity_checks');
  }
}

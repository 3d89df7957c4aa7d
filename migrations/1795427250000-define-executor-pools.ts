import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What executors of a pool are given, also where nobody has said how many there are to be. */
export class DefineExecutorPools1795427250000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE executor_pools
        ALTER COLUMN replicas DROP NOT NULL,
        ADD COLUMN resources jsonb NOT NULL DEFAULT '{}'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DELETE FROM executor_pools WHERE replicas IS NULL');
    await queryRunner.query(`
      ALTER TABLE executor_pools ALTER COLUMN replicas SET NOT NULL, DROP COLUMN resources`);
  }
}

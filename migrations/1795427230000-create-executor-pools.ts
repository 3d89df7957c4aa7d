import type { MigrationInterface, QueryRunner } from 'typeorm';

/** How large pools of executors are to be. */
export class CreateExecutorPools1795427230000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE executor_pools (
        name character varying(64) NOT NULL,
        replicas integer NOT NULL,
        updated_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_executor_pools PRIMARY KEY (name),
        CONSTRAINT ck_executor_pools_replicas CHECK (replicas BETWEEN 0 AND 1000)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE executor_pools');
  }
}

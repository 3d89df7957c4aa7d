import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * How pools of executors scale themselves, and what each process saw of their load. The loads are unlogged: after a crash
 * they would tell of another time.
 */
export class AutoscaleExecutorPools1795427251000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE executor_pools
        ADD COLUMN autoscaling jsonb,
        ADD COLUMN calm_since timestamp(3) with time zone,
        ADD COLUMN scaled_at timestamp(3) with time zone,
        ADD COLUMN scale_reason character varying(300),
        ADD COLUMN held_back character varying(300)`);
    await queryRunner.query(`
      CREATE UNLOGGED TABLE executor_pool_loads (
        pool character varying(64) NOT NULL,
        process_id uuid NOT NULL,
        requests integer NOT NULL,
        queue_ms double precision NOT NULL,
        busy_ms double precision NOT NULL,
        span_ms double precision NOT NULL,
        measured_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_executor_pool_loads PRIMARY KEY (pool, process_id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE executor_pool_loads');
    await queryRunner.query(`
      ALTER TABLE executor_pools
        DROP COLUMN autoscaling,
        DROP COLUMN calm_since,
        DROP COLUMN scaled_at,
        DROP COLUMN scale_reason,
        DROP COLUMN held_back`);
  }
}

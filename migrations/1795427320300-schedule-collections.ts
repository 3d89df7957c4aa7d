import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Sources that are collected again and again, and collections that are given up. */
export class ScheduleCollections1795427320300 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      ALTER TABLE data_sources
        ADD COLUMN refresh_interval_seconds integer,
        ADD COLUMN next_collection_at timestamp(3) with time zone`);
    await queryRunner.query(
      'CREATE INDEX ix_data_sources_due ON data_sources (next_collection_at) WHERE deleted_at IS NULL AND next_collection_at IS NOT NULL',
    );
    await setStatuses(queryRunner, `'QUEUED', 'RUNNING', 'SUCCEEDED', 'REJECTED', 'FAILED', 'CANCELLED'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`UPDATE data_collections SET status = 'FAILED' WHERE status = 'CANCELLED'`);
    await setStatuses(queryRunner, `'QUEUED', 'RUNNING', 'SUCCEEDED', 'REJECTED', 'FAILED'`);
    await queryRunner.query('DROP INDEX ix_data_sources_due');
    await queryRunner.query(
      'ALTER TABLE data_sources DROP COLUMN refresh_interval_seconds, DROP COLUMN next_collection_at',
    );
  }
}

async function setStatuses(queryRunner: QueryRunner, statuses: string): Promise<void> {
  await queryRunner.query(`
    ALTER TABLE data_collections
      DROP CONSTRAINT ck_data_collections_status,
      DROP CONSTRAINT ck_data_collections_ended`);
  await queryRunner.query(`
    ALTER TABLE data_collections
      ADD CONSTRAINT ck_data_collections_status CHECK (status IN (${statuses})),
      ADD CONSTRAINT ck_data_collections_ended CHECK ((ended_at IS NOT NULL) = (status NOT IN ('QUEUED', 'RUNNING')))`);
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** What is expected of sources, when they are measured, what was counted in their files, and what was measured. */
export class CreateDataQuality1795427342000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE data_quality_expectations (
        source_id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        expectations jsonb NOT NULL,
        updated_by text NOT NULL,
        updated_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_data_quality_expectations PRIMARY KEY (source_id)
      )`);
    await queryRunner.query(`
      CREATE TABLE data_quality_schedules (
        source_id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        due_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_data_quality_schedules PRIMARY KEY (source_id)
      )`);
    await queryRunner.query('CREATE INDEX ix_data_quality_schedules_due ON data_quality_schedules (due_at)');
    await queryRunner.query(`
      INSERT INTO data_quality_schedules (source_id, workspace_id, due_at)
      SELECT id, workspace_id, now() FROM data_sources WHERE deleted_at IS NULL AND snapshot_version > 0`);
    await queryRunner.query(`
      CREATE TABLE data_file_counts (
        snapshot_id uuid NOT NULL,
        basis character(64) NOT NULL,
        counts jsonb NOT NULL,
        CONSTRAINT pk_data_file_counts PRIMARY KEY (snapshot_id)
      )`);
    await queryRunner.query(`
      CREATE TABLE data_quality_measurements (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        source_id uuid NOT NULL,
        measurement jsonb NOT NULL,
        measured_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_data_quality_measurements PRIMARY KEY (id)
      )`);
    await queryRunner.query(
      'CREATE INDEX ix_data_quality_measurements_of ON data_quality_measurements (source_id, measured_at, id)',
    );
    await queryRunner.query('CREATE INDEX ix_data_quality_measurements_age ON data_quality_measurements (measured_at)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of ['measurements', 'schedules', 'expectations']) {
      await queryRunner.query(`DROP TABLE data_quality_${table}`);
    }
    await queryRunner.query('DROP TABLE data_file_counts');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Names of snapshots, and how long those without one are kept. */
export class KeepDataSnapshots1795427344000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE data_snapshot_tags (
        source_id uuid NOT NULL,
        name text COLLATE "C" NOT NULL,
        version integer NOT NULL,
        tagged_by text NOT NULL,
        tagged_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT pk_data_snapshot_tags PRIMARY KEY (source_id, name),
        CONSTRAINT data_snapshot_tags_snapshot_fkey FOREIGN KEY (source_id, version)
          REFERENCES data_snapshots (source_id, version)
      )`);
    await queryRunner.query('CREATE INDEX ix_data_snapshot_tags_snapshot ON data_snapshot_tags (source_id, version)');
    await queryRunner.query(`
      CREATE TABLE data_retentions (
        source_id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        keep_versions integer,
        keep_days integer,
        CONSTRAINT pk_data_retentions PRIMARY KEY (source_id)
      )`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE data_retentions');
    await queryRunner.query('DROP TABLE data_snapshot_tags');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The online store of installations without Redis. It has no entity: whole batches are written by one statement. */
export class CreateOnlineFeatures1795427265000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    // Keys may hold U+0000, which text refuses, and so may values, which jsonb refuses. Times are microseconds.
    await queryRunner.query(`
      CREATE TABLE online_features (
        workspace_id uuid NOT NULL,
        view_id uuid NOT NULL,
        entity_key bytea NOT NULL,
        event_time bigint NOT NULL,
        created_time bigint,
        feature_values json NOT NULL,
        expires_at timestamp(3) with time zone,
        CONSTRAINT online_features_pkey PRIMARY KEY (workspace_id, view_id, entity_key)
      )`);
    await queryRunner.query('CREATE INDEX online_features_expiry_idx ON online_features (expires_at)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE online_features');
  }
}

import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Workspaces, people, their sessions and API keys; and the counters of rate limits. */
export class CreateAuth1795427200000 implements MigrationInterface {
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`
      CREATE TABLE workspaces (
        id uuid NOT NULL,
        name text NOT NULL,
        slug text COLLATE "C" NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT workspaces_pkey PRIMARY KEY (id),
        CONSTRAINT workspaces_slug_key UNIQUE (slug)
      )`);
    await queryRunner.query(`
      CREATE TABLE users (
        id uuid NOT NULL,
        email text COLLATE "C" NOT NULL,
        display_name text NOT NULL,
        password_hash text NOT NULL,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT users_pkey PRIMARY KEY (id),
        CONSTRAINT users_email_key UNIQUE (email)
      )`);
    await queryRunner.query(`
      CREATE TABLE memberships (
        workspace_id uuid NOT NULL,
        user_id uuid NOT NULL,
        role text NOT NULL,
        disabled_at timestamp(3) with time zone,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT memberships_pkey PRIMARY KEY (workspace_id, user_id),
        CONSTRAINT memberships_role_check
          CHECK (role = ANY (ARRAY['ADMIN', 'ENGINEER', 'SERVICE', 'AUDITOR', 'VIEWER'])),
        CONSTRAINT memberships_user_fkey FOREIGN KEY (user_id) REFERENCES users (id),
        CONSTRAINT memberships_workspace_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces (id)
      )`);
    await queryRunner.query('CREATE INDEX memberships_user_idx ON memberships (user_id)');
    await queryRunner.query(`
      CREATE TABLE sessions (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        user_id uuid NOT NULL,
        expires_at timestamp(3) with time zone NOT NULL,
        revoked_at timestamp(3) with time zone,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT sessions_pkey PRIMARY KEY (id),
        CONSTRAINT sessions_member_fkey
          FOREIGN KEY (workspace_id, user_id) REFERENCES memberships (workspace_id, user_id)
      )`);
    await queryRunner.query('CREATE INDEX sessions_member_idx ON sessions (workspace_id, user_id)');
    await queryRunner.query('CREATE INDEX sessions_expiry_idx ON sessions (expires_at)');
    await queryRunner.query(`
      CREATE TABLE refresh_tokens (
        hash text COLLATE "C" NOT NULL,
        workspace_id uuid NOT NULL,
        session_id uuid NOT NULL,
        expires_at timestamp(3) with time zone NOT NULL,
        used_at timestamp(3) with time zone,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT refresh_tokens_pkey PRIMARY KEY (hash),
        CONSTRAINT refresh_tokens_session_fkey FOREIGN KEY (session_id) REFERENCES sessions (id) ON DELETE CASCADE
      )`);
    await queryRunner.query('CREATE INDEX refresh_tokens_session_idx ON refresh_tokens (session_id)');
    await queryRunner.query('CREATE INDEX refresh_tokens_expiry_idx ON refresh_tokens (expires_at)');
    await queryRunner.query(`
      CREATE TABLE api_keys (
        id uuid NOT NULL,
        workspace_id uuid NOT NULL,
        name text NOT NULL,
        prefix text NOT NULL,
        hash text COLLATE "C" NOT NULL,
        permissions text array NOT NULL,
        created_by uuid NOT NULL,
        expires_at timestamp(3) with time zone,
        revoked_at timestamp(3) with time zone,
        rotated_from_id uuid,
        grace_ends_at timestamp(3) with time zone,
        last_used_at timestamp(3) with time zone,
        created_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT api_keys_pkey PRIMARY KEY (id),
        CONSTRAINT api_keys_hash_key UNIQUE (hash),
        CONSTRAINT api_keys_workspace_fkey FOREIGN KEY (workspace_id) REFERENCES workspaces (id),
        CONSTRAINT api_keys_creator_fkey FOREIGN KEY (created_by) REFERENCES users (id)
      )`);
    await queryRunner.query('CREATE INDEX api_keys_created_idx ON api_keys (workspace_id, created_at, id)');
    // Losing the counters in a crash lets a few attempts more pass; writing each to the log would cost every one.
    await queryRunner.query(`
      CREATE UNLOGGED TABLE rate_limits (
        key text COLLATE "C" NOT NULL,
        used bigint NOT NULL,
        window_ends_at timestamp(3) with time zone NOT NULL,
        CONSTRAINT rate_limits_pkey PRIMARY KEY (key)
      )`);
    await queryRunner.query('CREATE INDEX rate_limits_window_idx ON rate_limits (window_ends_at)');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'DROP TABLE rate_limits, api_keys, refresh_tokens, sessions, memberships, users, workspaces',
    );
  }
}

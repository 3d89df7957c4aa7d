import type { MigrationInterface } from 'typeorm';

/** All migrations in the order in which they are applied. A merged one is never edited. */
export const migrations: readonly (new () => MigrationInterface)[] = [];

import type { EntityManager } from 'typeorm';
import { advisoryLocks } from '../../../common/database/advisory-locks.js';

/**
 * Definitions of a workspace are changed one transaction at a time: what one checks, such as that nobody reads a view,
 * still holds when it commits. To be taken before anything is read, and released with the transaction.
 */
export async function lockDefinitions(manager: EntityManager, workspaceId: string): Promise<void> {
  await manager.query('SELECT pg_advisory_xact_lock($1, hashtext($2))', [
    advisoryLocks.featureDefinitions,
    workspaceId,
  ]);
}

import type { DataSource } from 'typeorm';
import { type AdvisoryLock, advisoryLocks } from './advisory-locks.js';

/**
 * Does something while no other process does it, as told by an advisory lock; does nothing where another one is at it.
 * @returns whether it was done.
 */
export async function whileAlone(
  dataSource: DataSource,
  lock: AdvisoryLock,
  task: () => Promise<void>,
): Promise<boolean> {
  return dataSource.transaction(async (manager) => {
    const [row]: readonly { taken: boolean }[] = await manager.query('SELECT pg_try_advisory_xact_lock($1) AS taken', [
      advisoryLocks[lock],
    ]);
    if (row?.taken !== true) return false;
    await task();
    return true;
  });
}

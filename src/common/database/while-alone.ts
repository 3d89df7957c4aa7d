import type { DataSource } from 'typeorm';

/**
 * Does something while no other process does it, as told by an advisory lock; does nothing where another one is at it.
 * @param lockKey any constant of Nestor's own.
 * @returns whether it was done.
 */
export async function whileAlone(dataSource: DataSource, lockKey: number, task: () => Promise<void>): Promise<boolean> {
  return dataSource.transaction(async (manager) => {
    const [row]: readonly { taken: boolean }[] = await manager.query('SELECT pg_try_advisory_xact_lock($1) AS taken', [
      lockKey,
    ]);
    if (row?.taken !== true) return false;
    await task();
    return true;
  });
}

import type { DataSource } from 'typeorm';
import { Places } from '../concurrency/places.js';
import { type AdvisoryLock, advisoryLocks } from './advisory-locks.js';

/**
 * The lock takes a connection for as long as the task runs, which takes others: one after the other in a process, or all
 * of a small pool would be held by those who wait for one more.
 */
const places = new WeakMap<DataSource, Places>();

/**
 * Does something while no other process does it, as told by an advisory lock; does nothing where another one is at it.
 * @returns whether it was done.
 */
export function whileAlone(dataSource: DataSource, lock: AdvisoryLock, task: () => Promise<void>): Promise<boolean> {
  const place = places.get(dataSource) ?? new Places(1);
  places.set(dataSource, place);
  return place.run(() => holding(dataSource, lock, task));
}

function holding(dataSource: DataSource, lock: AdvisoryLock, task: () => Promise<void>): Promise<boolean> {
  return dataSource.transaction(async (manager) => {
    const [row]: readonly { taken: boolean }[] = await manager.query('SELECT pg_try_advisory_xact_lock($1) AS taken', [
      advisoryLocks[lock],
    ]);
    if (row?.taken !== true) return false;
    await task();
    return true;
  });
}

import { statfs } from 'node:fs/promises';
import { StartError } from '../start-error.js';

const MIB = 1024 * 1024;

/** Room for the database's write-ahead log, the logs and the models: below it, starting would only do harm. */
const LEAST_FREE_BYTES = 256 * MIB;

/** @throws {StartError} when the disk that holds the state folder is all but full. */
export async function requireFreeDisk(home: string, least = LEAST_FREE_BYTES): Promise<void> {
  const { bavail, bsize } = await statfs(home);
  const free = bavail * bsize;
  if (free >= least) return;
  throw new StartError(
    `The disk that holds ${home} has ${Math.floor(free / MIB)} MB free; Nestor needs at least ${Math.floor(least / MIB)} MB. ` +
      'Free some space, or set NESTOR_HOME to a folder on another disk.',
  );
}

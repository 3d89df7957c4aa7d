import { statfs } from 'node:fs/promises';
import { type Settings, SettingsError } from '../../common/config/settings.js';
import { StartError } from '../start-error.js';
import { portProblems } from './ports.js';
import { databaseProblem, redisProblem } from './services.js';

const MIB = 1024 * 1024;

/** Free space below which the first start would fail halfway: the database alone takes 60 MiB when empty. */
const MINIMUM_FREE_MIB = 200;

/**
 * Looks for everything that would make a start fail later, before anything is started.
 * @throws {SettingsError} with all that has to be changed in the settings.
 * @throws {StartError} when the disk is full.
 */
export async function preflight(settings: Settings): Promise<void> {
  await requireSpace(settings.NESTOR_HOME);
  const [ports, database, redis] = await Promise.all([
    portProblems(settings),
    settings.DATABASE_URL === undefined ? undefined : databaseProblem(settings.DATABASE_URL),
    settings.REDIS_URL === undefined ? undefined : redisProblem(settings.REDIS_URL),
  ]);
  const problems = [...ports, database, redis].filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new SettingsError(problems);
}

/** @throws {StartError} when the disk that holds `folder` has less than `minimumMib` left. */
export async function requireSpace(folder: string, minimumMib = MINIMUM_FREE_MIB): Promise<void> {
  const disk = await statfs(folder);
  const freeMib = Math.floor((disk.bavail * disk.bsize) / MIB);
  if (freeMib >= minimumMib) return;
  throw new StartError(
    `The disk that holds ${folder} has ${freeMib} MiB left, and Nestor needs at least ${minimumMib} MiB to start. ` +
      'Free some space, or set NESTOR_HOME to a folder on another disk.',
  );
}

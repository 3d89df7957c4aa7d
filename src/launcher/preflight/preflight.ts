import { type Settings, SettingsError } from '../../common/config/settings.js';
import { StartError } from '../start-error.js';
import { checkDatabase } from './database.js';
import { claimPorts, type Ports } from './ports.js';

/**
 * Looks for everything outside of the state folder that would make a start fail later: ports, and the servers that the
 * settings name.
 * @throws {SettingsError | StartError} with all that was found, so that one correction is enough.
 */
export async function preflight(settings: Settings): Promise<Ports> {
  const [ports, database, redis] = await Promise.allSettled([
    claimPorts(settings),
    settings.DATABASE_URL === undefined ? undefined : checkDatabase(settings.DATABASE_URL),
    settings.REDIS_URL === undefined ? undefined : redisAnswers(settings.REDIS_URL),
  ]);
  const failures = [ports, database, redis].flatMap((check) => (check.status === 'rejected' ? [check.reason] : []));
  if (ports.status === 'fulfilled' && failures.length === 0) return ports.value;
  throw failures.length === 1 ? failures[0] : new StartError(failures.flatMap(problemsOf).join('\n'));
}

function problemsOf(failure: unknown): readonly string[] {
  if (failure instanceof SettingsError) return failure.problems.map((problem) => `  - ${problem}`);
  if (failure instanceof StartError) return [`  - ${failure.message}`];
  throw failure;
}

/** Loaded only where there is a Redis: its client costs the launcher 30 MB for as long as it runs. */
async function redisAnswers(redisUrl: string): Promise<void> {
  const { checkRedis } = await import('./redis.js');
  await checkRedis(redisUrl);
}

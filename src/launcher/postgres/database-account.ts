import { execFile } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { messageOf, StartError } from '../start-error.js';

const run = promisify(execFile);

/** System user that owns and runs the embedded PostgreSQL when Nestor itself is started as root. */
const ACCOUNT_NAME = 'nestor-db';

/** PostgreSQL refuses to run as root, so as root it gets an account of its own. */
export interface DatabaseAccount {
  readonly uid: number;
  readonly gid: number;
}

/**
 * @param dataFolder where the cluster is or will be; one that exists is run by its owner.
 * @param name of the system user, which is made when it is absent.
 * @returns undefined when Nestor is not root: then the database runs as the user who started it.
 * @throws {StartError} when no account can be had.
 */
export async function databaseAccount(dataFolder: string, name = ACCOUNT_NAME): Promise<DatabaseAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const owner = await stat(dataFolder).catch(() => undefined);
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await accountOf(name)) ?? (await createAccount(name));
}

async function accountOf(name: string): Promise<DatabaseAccount | undefined> {
  try {
    const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])]);
    return { uid: Number.parseInt(uid.stdout, 10), gid: Number.parseInt(gid.stdout, 10) };
  } catch {
    return undefined;
  }
}

async function createAccount(name: string): Promise<DatabaseAccount> {
  let failure = '';
  try {
    await run('useradd', [
      '--system',
      '--no-create-home',
      '--home-dir',
      '/nonexistent',
      '--shell',
      '/usr/sbin/nologin',
      name,
    ]);
  } catch (error) {
    failure = messageOf(error).trim();
  }
  // Asked again even after a failure: another Nestor may have made it at the same moment.
  const created = (await accountOf(name)) ?? (await accountOf('postgres'));
  if (created !== undefined) return created;
  throw new StartError(
    'PostgreSQL refuses to run as root, and a system user for it could not be made ' +
      `(${failure}). Create one with: useradd --system ${name}; or start Nestor as another user; ` +
      'or set DATABASE_URL to a PostgreSQL of yours.',
  );
}

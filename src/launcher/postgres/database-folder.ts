import { randomUUID } from 'node:crypto';
import { chmod, lstat, mkdir, readdir, realpath, rename, rmdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError } from '../start-error.js';
import { syncFolder } from '../state/durable-file.js';
import { runAs } from './account-command.js';
import type { DatabaseAccount } from './database-account.js';

/** Where databases go whose state folder their account cannot reach. */
const REACHABLE_PARENT = '/var/lib/nestor-databases';

/**
 * The folder of the embedded database: `<home>/postgres`. As root with a home below a folder that is closed to the
 * database's account (such as `/root`), `<home>/postgres` becomes a link to a folder of its own in
 * `/var/lib/nestor-databases`. See docs/decisions/0001-embedded-postgresql.md.
 * @returns an absolute path without links.
 */
export async function databaseFolder(
  home: string,
  account: DatabaseAccount | undefined,
  reachableParent = REACHABLE_PARENT,
): Promise<string> {
  const local = join(home, 'postgres');
  const found = await lstat(local).catch(() => undefined);
  if (found === undefined) await mkdir(local);
  const folder = await realpath(local).catch(() => {
    throw new StartError(
      `${local} points to a database folder that is no longer there. Restore it, or delete the link to begin with an empty database.`,
    );
  });
  await chmod(folder, account === undefined ? 0o700 : 0o711);
  if (account === undefined || (await canReach(account, folder))) return folder;
  if (found?.isSymbolicLink() === true || (await readdir(folder)).length > 0) {
    throw new StartError(
      `The account that runs the database (user id ${account.uid}) can no longer reach ${folder}: ` +
        'one of the folders above it is closed to other users. Open it to them for passing through (chmod o+x), or set NESTOR_HOME elsewhere.',
    );
  }
  return relocate(local, account, reachableParent);
}

async function canReach(account: DatabaseAccount, folder: string): Promise<boolean> {
  const asked = await runAs({ program: '/bin/sh', args: ['-c', 'cd -- "$0"', folder], account, onParentDeath: 'KILL' });
  return asked.succeeded;
}

/** A fresh name each time: a home that was deleted must not meet the database of its predecessor. */
async function relocate(local: string, account: DatabaseAccount, parent: string): Promise<string> {
  const folder = join(parent, randomUUID());
  await mkdir(folder, { recursive: true });
  await chmod(parent, 0o711);
  await chmod(folder, 0o711);
  if (!(await canReach(account, folder))) {
    throw new StartError(
      `Neither ${local} nor ${parent} can be reached by the account that runs the database (user id ${account.uid}). ` +
        'Set NESTOR_HOME to a folder that other users may pass through, or set DATABASE_URL.',
    );
  }
  await rmdir(local);
  await symlink(folder, `${local}.new`);
  await rename(`${local}.new`, local);
  await syncFolder(join(local, '..'));
  return folder;
}

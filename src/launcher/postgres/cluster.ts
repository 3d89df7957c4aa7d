import { randomBytes } from 'node:crypto';
import { chown, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StartError, systemErrorCode } from '../start-error.js';
import { syncFolder, writeDurably } from '../state/durable-file.js';
import { runAs } from './account-command.js';
import type { DatabaseAccount } from './database-account.js';
import type { PostgresPrograms } from './postgres-binaries.js';

/** Role that owns everything in the embedded database. */
export const SUPERUSER = 'nestor';

/** A PostgreSQL data folder, and the password of its only role. */
export interface Cluster {
  readonly dataFolder: string;
  readonly password: string;
  /** Whether it was made just now. */
  readonly created: boolean;
}

export interface ClusterOptions {
  /** Holds `data/` and the password's file; must exist and be reachable by the account. */
  readonly folder: string;
  readonly programs: PostgresPrograms;
  readonly account: DatabaseAccount | undefined;
  /** Whether to wait until the disk has it. */
  readonly durable: boolean;
}

/**
 * Finds the cluster or makes one. It is made beside its place and renamed into it when whole, so that a power-off in
 * between leaves nothing that looks like a database.
 */
export async function ensureCluster(options: ClusterOptions): Promise<Cluster> {
  const { folder } = options;
  const dataFolder = join(folder, 'data');
  await clearUnfinished(folder);
  const password = await ensurePassword(folder);
  const version = await readFile(join(dataFolder, 'PG_VERSION'), 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (version === undefined) {
    await initialise(options, dataFolder, password);
    return { dataFolder, password, created: true };
  }
  if (version.trim() !== options.programs.majorVersion) {
    throw new StartError(
      `${dataFolder} was made by PostgreSQL ${version.trim()}, and this Nestor brings PostgreSQL ${options.programs.majorVersion}, ` +
        'which cannot read it. Start the Nestor that made it and move the data over with pg_dump, or set DATABASE_URL.',
    );
  }
  return { dataFolder, password, created: false };
}

/**
 * Gives the role the password of the password file, by a server that answers this process alone. For a data folder
 * whose password file was lost. No server may run on it.
 */
export async function restorePassword(options: ClusterOptions, cluster: Cluster): Promise<void> {
  const statement = `ALTER ROLE ${SUPERUSER} PASSWORD '${cluster.password}'\n`;
  const args = [
    '--single',
    '-D',
    cluster.dataFolder,
    '-c',
    'exit_on_error=true',
    '-c',
    'password_encryption=scram-sha-256',
    'postgres',
  ];
  const { account } = options;
  const ended = await runAs({ program: options.programs.postgres, args, account, onParentDeath: 'KILL' }, statement);
  if (!ended.succeeded) {
    throw new StartError(
      `The password of the database in ${cluster.dataFolder} was lost and could not be set anew: ${ended.output}`,
    );
  }
}

async function ensurePassword(folder: string): Promise<string> {
  const path = join(folder, 'password');
  const known = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return '';
    throw error;
  });
  if (known.trim() !== '') return known.trim();
  // Hexadecimal, so that it needs no escaping in a URL or in SQL.
  const password = randomBytes(24).toString('hex');
  await writeDurably(path, password);
  return password;
}

async function initialise(options: ClusterOptions, dataFolder: string, password: string): Promise<void> {
  const { folder, programs, account, durable } = options;
  const unfinished = join(folder, 'data.new');
  const passwordFile = join(folder, 'password-for-initdb.new');
  await mkdir(unfinished, { mode: 0o700 });
  await writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' });
  if (account) {
    await chown(unfinished, account.uid, account.gid);
    await chown(passwordFile, account.uid, account.gid);
  }
  const args = [
    `--pgdata=${unfinished}`,
    `--username=${SUPERUSER}`,
    `--pwfile=${passwordFile}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    // The same order of text on every machine, whatever locales it has.
    '--locale-provider=builtin',
    '--builtin-locale=C.UTF-8',
    '--locale=C',
    '--no-instructions',
    ...(durable ? [] : ['--no-sync']),
  ];
  try {
    const ended = await runAs({ program: programs.initdb, args, account, onParentDeath: 'KILL' });
    if (!ended.succeeded) throw new StartError(`The database could not be made in ${folder}:\n${ended.output}`);
    await rename(unfinished, dataFolder);
    if (durable) await syncFolder(folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  } finally {
    await rm(passwordFile, { force: true });
  }
}

async function clearUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.endsWith('.new')) await rm(join(folder, name), { recursive: true, force: true });
  }
}

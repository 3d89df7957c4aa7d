import { chmod, lstat, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';

/** A state folder in a place that the database's account can reach; removed by `removeHome`. */
export async function makeHome(mode = 0o711): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'nestor-test-home-'));
  await chmod(home, mode);
  return home;
}

/** Removes a state folder, and its database where that lies elsewhere. */
export async function removeHome(home: string): Promise<void> {
  const database = join(home, 'postgres');
  const found = await lstat(database).catch(() => undefined);
  if (found?.isSymbolicLink() === true) await rm(await realpath(database), { recursive: true, force: true });
  await rm(home, { recursive: true, force: true });
}

/** Runs statements one after the other. @returns the rows of the last one. */
export async function query(url: string, ...statements: string[]): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    let rows: unknown[] = [];
    for (const statement of statements) rows = (await client.query(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** A wait that lasts longer than this says what it waited for, in milliseconds. */
const GIVES_UP_AFTER_MS = 60_000;

/** Waits for something to become true; the test's own time limit is the only one. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  /** Tells how things stand, for the one who reads why it gave up. */
  describe: () => string | Promise<string> = () => '',
): Promise<void> {
  const givesUpAt = Date.now() + GIVES_UP_AFTER_MS;
  while (!(await isTrue())) {
    if (Date.now() > givesUpAt) {
      throw new Error(`Not so within ${GIVES_UP_AFTER_MS} ms: ${isTrue.toString()}\n${await describe()}`);
    }
    await sleep(25);
  }
}

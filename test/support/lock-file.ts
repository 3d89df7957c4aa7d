import { randomUUID } from 'node:crypto';
import { link, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

/** A lock older than this belongs to a run that was killed, even if another process has its id by now. */
const LIFETIME_MS = 120_000;

/** Does work while no other process does any under this lock. A lock whose process is gone is taken over at once. */
export async function withLockFile(lock: string, work: () => Promise<void>): Promise<void> {
  while (!(await take(lock))) await wait(100);
  try {
    await work();
  } finally {
    await rm(lock, { force: true });
  }
}

async function take(lock: string): Promise<boolean> {
  const own = `${lock}.${randomUUID()}`;
  try {
    await writeFile(own, String(process.pid));
    // The lock comes about with the id of its process in it, so that nobody sees one without.
    await link(own, lock);
    return true;
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    if (await isAbandoned(lock)) await rm(lock, { recursive: true, force: true });
    return false;
  } finally {
    await rm(own, { force: true });
  }
}

async function isAbandoned(lock: string): Promise<boolean> {
  const found = await stat(lock).catch(() => undefined);
  if (found === undefined) return false;
  if (Date.now() - found.mtimeMs > LIFETIME_MS) return true;
  const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
  return Number.isSafeInteger(holder) && holder > 0 && !isRunning(holder);
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Any other answer than that there is none means that it is there, such as a process of somebody else.
    return !(error instanceof Error && 'code' in error && error.code === 'ESRCH');
  }
}

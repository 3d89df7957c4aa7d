import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../start-error.js';
import { type Claim, isHeld, parseClaim } from './home-lock.rules.js';
import { bootId, processFacts } from './process-facts.js';

const ATTEMPTS = 5;

/**
 * Keeps a second Nestor out of a state folder. Each launcher first writes a claim of its own and only then looks at the
 * others, so of two that start together at least one sees the other; it withdraws and tries again after a random pause.
 * A claim of a process that no longer lives (kill -9, power-off) is void and is cleared away.
 */
export class HomeLock {
  private constructor(private readonly path: string) {}

  /** @throws {StartError} naming the process that holds the folder. */
  static async acquire(home: string): Promise<HomeLock> {
    const folder = join(home, 'lock');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    let holder: Claim | undefined;
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const path = await claim(folder);
      holder = await otherHolder(folder, path);
      if (holder === undefined) return new HomeLock(path);
      await rm(path, { force: true });
      // A holder of long standing will not go away; only one that has just come may be withdrawing too.
      if (Date.now() - Date.parse(holder.claimedAt) > 2_000) break;
      await sleep(50 + Math.random() * 200);
    }
    throw new StartError(
      `Another Nestor (process ${holder?.pid ?? 'unknown'}) is running on the state folder ${home}. ` +
        'Stop it first, or give this one a folder of its own: NESTOR_HOME=/some/other/folder npm start',
    );
  }

  async release(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

async function claim(folder: string): Promise<string> {
  const own: Claim = {
    pid: process.pid,
    startTime: (await processFacts(process.pid))?.startTime ?? '',
    bootId: await bootId(),
    claimedAt: new Date().toISOString(),
  };
  const path = join(folder, `${process.pid}-${randomUUID()}.json`);
  await writeFile(`${path}.new`, JSON.stringify(own), { mode: 0o600 });
  await rename(`${path}.new`, path);
  return path;
}

/** Finds a claim, beside one's own, whose process lives; clears away the void ones. */
async function otherHolder(folder: string, own: string): Promise<Claim | undefined> {
  const boot = await bootId();
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (path === own) continue;
    if (name.endsWith('.new')) {
      // A claim in the making is not one yet: whoever writes it looks here only afterwards, and will see ours.
      if ((await processFacts(Number.parseInt(name, 10))) === undefined) await rm(path, { force: true });
      continue;
    }
    const text = await readFile(path, 'utf8').catch(() => undefined);
    if (text === undefined) continue;
    const other = parseClaim(text);
    if (other !== undefined && isHeld(other, await processFacts(other.pid), boot)) return other;
    await rm(path, { force: true });
  }
  return undefined;
}

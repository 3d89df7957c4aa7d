import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withLockFile } from './lock-file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-lock-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('withLockFile', () => {
  it('does one piece of work at a time, and leaves no lock', async () => {
    const lock = join(folder, 'shared');
    let running = 0;
    let most = 0;
    const work = async () => {
      running += 1;
      most = Math.max(most, running);
      expect(await readFile(lock, 'utf8')).toBe(String(process.pid));
      running -= 1;
    };
    await Promise.all([withLockFile(lock, work), withLockFile(lock, work), withLockFile(lock, work)]);
    expect(most).toBe(1);
    await expect(access(lock)).rejects.toThrow('ENOENT');
  });

  it('takes over the lock of a process that is gone', async () => {
    const lock = join(folder, 'killed');
    const holder = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await writeFile(lock, String(holder.pid));
    let isTaken = false;
    const taken = withLockFile(lock, async () => {
      isTaken = true;
      await Promise.resolve();
    });
    await wait(300);
    expect(isTaken).toBe(false);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await taken;
    expect(isTaken).toBe(true);
  });

  it('takes over a lock that is too old, whoever has the id now', async () => {
    const lock = join(folder, 'old');
    await writeFile(lock, String(process.pid));
    await utimes(lock, new Date(0), new Date(0));
    await withLockFile(lock, () => Promise.resolve());
    await expect(access(lock)).rejects.toThrow('ENOENT');
  });
});

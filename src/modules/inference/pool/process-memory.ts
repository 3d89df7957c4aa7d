import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const KIB = 1024;
const run = promisify(execFile);

/** Memory that a process holds (resident set), in bytes; undefined where it has ended. */
export async function residentBytes(pid: number, platform = process.platform): Promise<number | undefined> {
  try {
    if (platform === 'linux') {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      return kibibytes(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
    }
    const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
    return kibibytes(stdout.trim());
  } catch {
    return undefined;
  }
}

/** How many processes the system has ended for lack of memory since it started; 0 where it does not say. */
export async function outOfMemoryKills(): Promise<number> {
  try {
    const statistics = await readFile('/proc/vmstat', 'utf8');
    return Number(/^oom_kill (\d+)$/m.exec(statistics)?.[1] ?? 0);
  } catch {
    return 0;
  }
}

function kibibytes(text: string | undefined): number | undefined {
  return text === undefined || text === '' ? undefined : Number(text) * KIB;
}

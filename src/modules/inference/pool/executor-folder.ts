import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';

/** Paths of Unix sockets end at 104 bytes on macOS and 108 on Linux. */
const LONGEST_SOCKET_PATH = 100;
const LONGEST_NAME = '/nestor-000000-4194304-XXXXXX/1024.1000000.sock'.length;

/** The folder of a pool: sockets, and an empty folder for each process. Nobody but this user can enter it. */
export class ExecutorFolder {
  private constructor(private readonly path: string) {}

  /** Makes the folder, and removes those that pools of this machine left behind when they were killed. */
  static async create(): Promise<ExecutorFolder> {
    const parent = tmpdir().length + LONGEST_NAME > LONGEST_SOCKET_PATH ? '/tmp' : tmpdir();
    const machine = createHash('sha256').update(hostname()).digest('hex').slice(0, 6);
    await removeLeftovers(parent, `nestor-${machine}-`);
    return new ExecutorFolder(await mkdtemp(join(parent, `nestor-${machine}-${process.pid}-`)));
  }

  /** Address for an executor of this name. */
  address(name: string): string {
    return `unix:${join(this.path, `${name}.sock`)}`;
  }

  /** Makes an empty folder that even its process cannot write to. */
  async makeEmptyFolder(name: string): Promise<string> {
    const path = join(this.path, name);
    await mkdir(path, { mode: 0o500 });
    return path;
  }

  /** Removes what belongs to an executor that has ended. */
  async clear(name: string): Promise<void> {
    await rm(join(this.path, name), { recursive: true, force: true });
    await rm(join(this.path, `${name}.sock`), { force: true });
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function removeLeftovers(parent: string, prefix: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = name.startsWith(prefix) ? Number.parseInt(name.slice(prefix.length), 10) : NaN;
    if (Number.isNaN(pid) || isAlive(pid)) continue;
    // It may be another user's.
    await rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

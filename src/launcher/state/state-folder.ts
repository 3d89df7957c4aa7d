import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { messageOf, StartError, systemErrorCode } from '../start-error.js';
import { HomeLock } from './home-lock.js';

/** The folder of all state (`NESTOR_HOME`), held by this launcher alone while it runs. */
export class StateFolder {
  private constructor(
    readonly path: string,
    private readonly lock: HomeLock,
  ) {}

  /**
   * Makes the folder when it is absent and takes its lock.
   * @throws {StartError} when it cannot be used, or another Nestor runs on it.
   */
  static async open(home: string): Promise<StateFolder> {
    const path = resolve(home);
    try {
      await mkdir(path, { recursive: true, mode: 0o700 });
      if (!(await stat(path)).isDirectory()) throw new StartError(`NESTOR_HOME=${path} is not a folder.`);
      // As root the database runs as another user, who must be able to pass through (but not to list); every file in
      // here is kept from others by its own mode.
      await chmod(path, process.getuid?.() === 0 ? 0o711 : 0o700);
      await mkdir(join(path, 'logs'), { recursive: true, mode: 0o700 });
      const lock = await HomeLock.acquire(path);
      await clearHalfWritten(path);
      return new StateFolder(path, lock);
    } catch (error) {
      throw explain(path, error);
    }
  }

  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  async close(): Promise<void> {
    await this.lock.release();
  }
}

/** What `writeDurably` had under its hands when the power went. */
async function clearHalfWritten(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    if (name.endsWith('.new')) await rm(join(path, name), { force: true });
  }
}

function explain(path: string, error: unknown): unknown {
  switch (systemErrorCode(error)) {
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new StartError(
        `The state folder ${path} cannot be written (${messageOf(error)}). ` +
          'Start as the user who owns it, or set NESTOR_HOME to a folder that you may write.',
        { cause: error },
      );
    case 'ENOSPC':
    case 'EDQUOT':
      return new StartError(`The disk that holds ${path} is full. Free some space, or set NESTOR_HOME elsewhere.`, {
        cause: error,
      });
    case 'ENOTDIR':
    case 'EEXIST':
      return new StartError(`NESTOR_HOME=${path} is not a folder, or lies below something that is not one.`, {
        cause: error,
      });
    default:
      return error;
  }
}

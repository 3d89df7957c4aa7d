import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemErrorCode } from '../start-error.js';
import { writeDurably } from './durable-file.js';
import { type Claim, isHeld, parseClaim } from './home-lock.rules.js';
import { bootId, processFacts } from './process-facts.js';

/**
 * Which processes the launcher has started. They end by themselves when it is killed, but not at once; and one that
 * hangs does not. The next launcher finds them here and sees to it that they are gone before it starts its own.
 */
export class ProcessRegister {
  private constructor(private readonly folder: string) {}

  static async open(home: string): Promise<ProcessRegister> {
    const folder = join(home, 'processes');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return new ProcessRegister(folder);
  }

  async add(name: string, pid: number): Promise<void> {
    const facts = await processFacts(pid);
    if (facts === undefined) return;
    const claim: Claim = {
      pid,
      startTime: facts.startTime ?? '',
      bootId: await bootId(),
      claimedAt: new Date().toISOString(),
    };
    await writeDurably(this.fileOf(name), JSON.stringify(claim));
  }

  async remove(name: string): Promise<void> {
    await rm(this.fileOf(name), { force: true });
  }

  /** Ends the processes of an earlier launcher: in order if they do so within `patienceMs`, else by force. */
  async endLeftovers(patienceMs: number): Promise<void> {
    const names = await readdir(this.folder);
    await Promise.all(names.map((name) => this.endLeftover(join(this.folder, name), patienceMs)));
  }

  private async endLeftover(path: string, patienceMs: number): Promise<void> {
    const claim = parseClaim(await readFile(path, 'utf8'));
    if (claim !== undefined) {
      const boot = await bootId();
      const lives = async () => isHeld(claim, await processFacts(claim.pid), boot);
      const deadline = Date.now() + patienceMs;
      if (await lives()) signal(claim.pid, 'SIGTERM');
      while ((await lives()) && Date.now() < deadline) await sleep(50);
      // Its group: what it had started has to go with it.
      if (await lives()) signal(process.platform === 'win32' ? claim.pid : -claim.pid, 'SIGKILL');
      while (await lives()) await sleep(20);
    }
    await rm(path, { force: true });
  }

  private fileOf(name: string): string {
    return join(this.folder, `${name}.json`);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error;
  }
}

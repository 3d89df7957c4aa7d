import { readFile, realpath, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf, StartError, systemErrorCode } from '../start-error.js';
import { type ProcessFacts, processFacts } from '../state/process-facts.js';
import { parsePostmasterPid } from './postmaster-pid.rules.js';

/** How long a server that outlived its launcher may take to shut down by itself, in milliseconds. */
const FAST_SHUTDOWN_MS = 30_000;
const IMMEDIATE_SHUTDOWN_MS = 10_000;

/**
 * Makes sure that no server runs on a data folder and that no stale `postmaster.pid` is in the way of one. A server
 * that outlived its launcher is shut down in order; a process id that now belongs to something else is left alone.
 * The caller holds the lock of the state folder, so whatever runs here has lost its launcher.
 */
export async function clearPostmaster(dataFolder: string): Promise<void> {
  const path = join(dataFolder, 'postmaster.pid');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return;
  const written = parsePostmasterPid(text);
  if (written !== undefined) await stopOrphan(written.pid, dataFolder);
  await rm(path, { force: true });
}

async function stopOrphan(pid: number, dataFolder: string): Promise<void> {
  const isOrphan = async () => isServerOf(await realpath(dataFolder), await processFacts(pid));
  for (const [signal, patience] of [
    ['SIGINT', FAST_SHUTDOWN_MS],
    ['SIGQUIT', IMMEDIATE_SHUTDOWN_MS],
  ] as const) {
    const deadline = Date.now() + patience;
    if (await isOrphan()) signalProcess(pid, signal);
    while ((await isOrphan()) && Date.now() < deadline) await sleep(50);
  }
  if (await isOrphan()) {
    throw new StartError(
      `A PostgreSQL server left over from an earlier start (process ${pid}) does not stop. ` +
        `End it with: kill -QUIT ${pid}`,
    );
  }
}

/** Whether a process is the PostgreSQL server of a data folder, judged by more than its id. */
export function isServerOf(dataFolder: string, facts: ProcessFacts | undefined): boolean {
  if (facts === undefined || facts.zombie) return false;
  // A server works inside its data folder, by PostgreSQL's design.
  if (facts.workingDirectory !== undefined) return facts.workingDirectory === dataFolder;
  return facts.commandLine !== undefined && facts.commandLine.includes('postgres');
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return;
    throw new StartError(
      `PostgreSQL (process ${pid}) runs on this state folder and cannot be stopped: ${messageOf(error)}.`,
      {
        cause: error,
      },
    );
  }
}

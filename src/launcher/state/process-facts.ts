import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { parseProcessStat } from './process-facts.rules.js';

const run = promisify(execFile);

/** What the system says of one process. Absent facts could not be learned on this platform or by this user. */
export interface ProcessFacts {
  /** Exited, but its parent has not collected it yet: it holds nothing any more. */
  readonly zombie: boolean;
  /** Process id of its parent. */
  readonly parent?: number;
  /** When the process began, in whatever unit the platform has; only good for comparing. */
  readonly startTime?: string;
  readonly workingDirectory?: string;
  readonly commandLine?: string;
}

/** @returns undefined when no process has that id. */
export async function processFacts(
  pid: number,
  platform: NodeJS.Platform = process.platform,
): Promise<ProcessFacts | undefined> {
  if (!exists(pid)) return undefined;
  if (platform === 'linux') return linuxFacts(pid);
  if (platform === 'win32') return windowsFacts(pid);
  return unixFacts(pid);
}

/** Changes with every boot of the machine, so that process ids of an earlier boot are known to be void. */
export async function bootId(): Promise<string> {
  if (process.platform !== 'linux') return 'unknown';
  return (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown')).trim();
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it is there, but belongs to somebody else.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function linuxFacts(pid: number): Promise<ProcessFacts | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => undefined);
  return {
    ...parseProcessStat(stat),
    ...(workingDirectory !== undefined && { workingDirectory }),
    ...(commandLine !== undefined && { commandLine: commandLine.replaceAll('\0', ' ').trim() }),
  };
}

async function unixFacts(pid: number): Promise<ProcessFacts | undefined> {
  const listed = await run('ps', ['-o', 'lstart=,stat=,command=', '-p', String(pid)]).catch(() => undefined);
  // `lstart` is five words: "Mon Nov 23 09:26:01 2026".
  const words = listed?.stdout.trim().split(/\s+/) ?? [];
  if (words.length < 6) return undefined;
  return {
    zombie: words[5]?.startsWith('Z') ?? false,
    startTime: words.slice(0, 5).join(' '),
    commandLine: words.slice(6).join(' '),
  };
}

async function windowsFacts(pid: number): Promise<ProcessFacts> {
  const listed = await run('tasklist', ['/fi', `PID eq ${pid}`, '/fo', 'csv', '/nh']).catch(() => undefined);
  return { zombie: false, ...(listed && { commandLine: listed.stdout.trim() }) };
}

import { type ChildProcess, spawn } from 'node:child_process';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from './homes.js';

/** A launcher in a process of its own, as `npm start` has it. */
export interface LauncherProcess {
  readonly child: ChildProcess;
  readonly pid: number;
  /** All that it printed so far, standard error included. */
  readonly printed: () => string;
  /** Resolves with the exit status, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  /** Waits until it has printed something. Rejects when it ends instead. */
  printedLine(pattern: RegExp): Promise<void>;
}

/** @param parameters of `node`. @param settings environment variables of Nestor. */
export function spawnLauncher(
  parameters: readonly string[],
  settings: Readonly<Record<string, string>>,
): LauncherProcess {
  const child = spawn(process.execPath, parameters, {
    env: { PATH: process.env['PATH'], ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
    // As a terminal does it: one group for the launcher, which a Ctrl-C goes to.
    detached: true,
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
  }
  let end: number | string | undefined;
  const ended = new Promise<number | string>((resolve) => {
    child.once('close', (status, signal) => {
      end = status ?? signal ?? 'unknown';
      resolve(end);
    });
  });
  return {
    child,
    pid: child.pid ?? 0,
    printed: () => text,
    ended,
    printedLine: (pattern) =>
      until(() => {
        if (pattern.test(text)) return true;
        if (end !== undefined) throw new Error(`The launcher ended (${end}) without ${String(pattern)}:\n${text}`);
        return false;
      }),
  };
}

/** Linux: ids of all processes that belong to a state folder, by their environment or the folder that they work in. */
export async function processesOf(home: string): Promise<number[]> {
  return processesThat(async (pid) => {
    const environment = await readFile(join('/proc', pid, 'environ'), 'utf8').catch(() => '');
    if (environment.split('\0').includes(`NESTOR_HOME=${home}`)) return true;
    const folder = await readlink(join('/proc', pid, 'cwd')).catch(() => '');
    return folder.startsWith(home);
  });
}

/** Linux: ids of all processes of a group, such as that of a worker, in which its executors are as well. */
export async function processesOfGroup(group: number): Promise<number[]> {
  return processesThat(async (pid) => {
    const line = await readFile(join('/proc', pid, 'stat'), 'utf8').catch(() => '');
    // After the command's name in brackets: state, parent, group. One in state Z has ended and only waits to be noticed.
    const [state, , ofGroup] = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return state !== 'Z' && Number(ofGroup) === group;
  });
}

/** Linux: what the processes are and do, a line each. */
export async function describeProcesses(pids: readonly number[]): Promise<string> {
  const lines = pids.map(async (pid) => {
    const read = (name: string) => readFile(join('/proc', String(pid), name), 'utf8').catch(() => '');
    const [command, status, waits] = await Promise.all([read('cmdline'), read('status'), read('wchan')]);
    const facts = status.match(/^(State|PPid|SigPnd|ShdPnd|SigBlk|SigIgn):.*$/gm)?.join(' ') ?? '';
    return `${pid} ${command.replaceAll('\0', ' ')} ${facts} ${waits}`;
  });
  return (await Promise.all(lines)).join('\n');
}

async function processesThat(isOne: (pid: string) => Promise<boolean>): Promise<number[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(pids.map(isOne));
  return pids.filter((_, index) => found[index]).map(Number);
}

import { type ChildProcess, spawn } from 'node:child_process';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { ExecutorSettings } from '../protocol/control.js';
import type { ExecutorLog } from './executor-log.js';

const KIB = 1024;

/**
 * Priority of processes that try out a model, as `nice` counts it: predictions go first. A tenth of a processor that is
 * wanted by others is enough to start and load what is loaded in a second otherwise.
 */
const TRIAL_PRIORITY = 10;

/** What every executor process of a host has in common. */
export interface LaunchOptions {
  /** Path of the compiled `executor.main.js`. */
  readonly entry: string;
  /** Memory that one executor may hold, in bytes. */
  readonly memoryBytes: number;
  /** Longest that an executor may be busy with one load or run, in milliseconds. */
  readonly runTimeoutMs: number;
  /** Environment of the processes. Nothing is needed but for CUDA, whose libraries may ask for LD_LIBRARY_PATH. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly log: ExecutorLog;
}

/**
 * Starts an executor process: nothing of this process's environment, an empty folder of its own to work in, a cap on
 * its memory where the system has one, an IPC channel.
 * @param name how the log calls it
 */
export function launch(name: string, settings: ExecutorSettings, options: LaunchOptions): ChildProcess {
  const [command, ...parameters] = commandLine(settings, options);
  const child = spawn(command, parameters, {
    cwd: settings.emptyFolder,
    env: { ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  if (settings.mode === 'inspect') yieldToOthers(child);
  forwardLines(child.stdout, (line) => options.log('info', line, { executor: name }));
  forwardLines(child.stderr, (line) => options.log('warn', line, { executor: name }));
  return child;
}

/**
 * On Linux, RLIMIT_DATA bounds private memory: a model that asks for more gets an error instead of the machine's
 * memory. Not for CUDA, which reserves address space beyond all proportion; there only the watchdog bounds memory.
 */
export function commandLine(
  settings: ExecutorSettings,
  { entry, memoryBytes }: LaunchOptions,
  platform: NodeJS.Platform = process.platform,
): readonly [string, ...string[]] {
  const plain = [process.execPath, entry, JSON.stringify(settings)] as const;
  if (platform !== 'linux' || settings.device !== 'cpu') return plain;
  const limits = `ulimit -c 0; ulimit -d ${Math.floor(memoryBytes / KIB)}; exec "$@"`;
  return ['/bin/sh', '-c', limits, 'sh', ...plain];
}

function yieldToOthers({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) setPriority(pid, TRIAL_PRIORITY);
  } catch {
    // It has ended already, or the system does not let anyone: the trial is as good without.
  }
}

function forwardLines(stream: Readable | null, forward: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream }).on('line', forward);
}

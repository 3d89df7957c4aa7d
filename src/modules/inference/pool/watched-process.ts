import type { ChildProcess } from 'node:child_process';
import type { ExecutorSettings, ExecutorToHost, HostToExecutor } from '../protocol/control.js';
import { launch, type LaunchOptions } from './launch.js';
import { type KillReason, processEnd, type ProcessEnd } from './process-end.rules.js';
import { outOfMemoryKills, residentBytes } from './process-memory.js';

/** How long a process may take until it is heard of for the first time, in milliseconds. */
const START_TIMEOUT_MS = 30_000;
const LONGEST_WATCH_INTERVAL_MS = 500;

/** An executor process under guard: it is ended when it holds too much memory or is not heard of for too long. */
export class WatchedProcess {
  /** Resolves when the process has ended; never rejects. */
  readonly ended: Promise<ProcessEnd>;
  private readonly child: ChildProcess;
  private readonly watch: NodeJS.Timeout;
  private readonly watchIntervalMs: number;
  private killedFor: KillReason | undefined;
  private silenceLimitMs: number;
  private heardAt = performance.now();
  private watchedAt = performance.now();
  private outOfMemoryKills: number | undefined;

  constructor(
    name: string,
    settings: ExecutorSettings,
    private readonly options: LaunchOptions,
    private readonly onMessage: (message: ExecutorToHost) => void,
  ) {
    this.silenceLimitMs = Math.max(START_TIMEOUT_MS, options.runTimeoutMs);
    this.watchIntervalMs = Math.min(LONGEST_WATCH_INTERVAL_MS, Math.ceil(options.runTimeoutMs / 4));
    this.child = launch(name, settings, options);
    this.ended = new Promise((resolve) => {
      this.child.on('error', (error) => {
        resolve({ reason: 'crashed', isModelsFault: false, text: `could not be started: ${error.message}` });
      });
      // Not 'exit': the last messages and lines may come after it.
      this.child.once('close', (code, signal) => void this.describeEnd(code, signal).then(resolve));
    });
    this.child.on('message', (message) => this.hear(message as ExecutorToHost));
    this.watch = setInterval(() => void this.look(), this.watchIntervalMs);
    void this.ended.then(() => clearInterval(this.watch));
  }

  get pid(): number | null {
    return this.child.pid ?? null;
  }

  /** Sends a message; one that the process does not live to read is lost. */
  send(message: HostToExecutor): void {
    if (this.child.connected) this.child.send(message, () => undefined);
  }

  /** Ends the process at once. */
  kill(reason: KillReason): void {
    this.killedFor ??= reason;
    this.child.kill('SIGKILL');
  }

  private hear(message: ExecutorToHost): void {
    this.heardAt = performance.now();
    this.silenceLimitMs = this.options.runTimeoutMs;
    this.onMessage(message);
  }

  private async look(): Promise<void> {
    const now = performance.now();
    // Where this process itself stood still, it could not hear: that time does not count.
    const stall = now - this.watchedAt - this.watchIntervalMs;
    if (stall > this.watchIntervalMs) this.heardAt += stall;
    this.watchedAt = now;
    if (now - this.heardAt > this.silenceLimitMs) {
      this.kill('hung');
      return;
    }
    this.outOfMemoryKills ??= await outOfMemoryKills();
    const { pid } = this;
    const resident = pid === null ? undefined : await residentBytes(pid);
    if (resident !== undefined && resident > this.options.memoryBytes) this.kill('memory');
  }

  private async describeEnd(code: number | null, signal: NodeJS.Signals | null): Promise<ProcessEnd> {
    const isSystemOutOfMemory = (await outOfMemoryKills()) > (this.outOfMemoryKills ?? Infinity);
    return processEnd({ code, signal, killedFor: this.killedFor, isSystemOutOfMemory });
  }
}

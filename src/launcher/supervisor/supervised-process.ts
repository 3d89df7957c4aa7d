import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT_CONFIGURATION } from '../../common/process/run-process.js';
import { messageOf, StartError } from '../start-error.js';
import type { ProcessRegister } from '../state/process-register.js';
import { CRASH_LOOP_DEATHS, deathsInARow, restartDelayMs } from './backoff.rules.js';
import type { LogFile } from './log-file.js';
import { LineBudget, terminalLine } from './log-lines.rules.js';
import { killGroup } from './process-group.js';
import { waitUntilReady } from './readiness.js';

/**
 * How Node runs the api and the worker; `package.json` and the Dockerfile say the same. What a request leaves behind
 * fills the young generation's 16 MiB many times a second under load: with 32 a worker that drains its queue spends
 * 7 % of its time collecting garbage instead of 15.
 */
const NODE_OPTIONS = ['--enable-source-maps', '--max-semi-space-size=32'];

/** Deaths in a row after which a process that has never been ready is given up. */
const GIVE_UP_DEATHS = 3;
/** How long a process may take until it is ready for the first time, in milliseconds. */
const READY_WITHIN_MS = 120_000;

export interface ProcessPlan {
  /** As the terminal and the log call it. */
  readonly name: string;
  /** Compiled entry file. */
  readonly script: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readyUrl: string;
  readonly log: LogFile;
  readonly register: ProcessRegister;
  /** Takes a line for the person at the terminal. */
  readonly tell: (line: string) => void;
}

interface Run {
  readonly child: ChildProcess;
  readonly startedAt: number;
  /** Resolves when the process is gone. Never rejects. */
  readonly ended: Promise<{ how: string; status: number | null }>;
}

/**
 * Keeps one Node process running: starts it, waits until it is ready, starts it again when it dies, stops it. The
 * process has an IPC channel whose end tells it that the launcher is gone.
 */
export class SupervisedProcess {
  private readonly stopping = new AbortController();
  private run: Run | undefined;
  private loop: Promise<void> = Promise.resolve();
  private wasReady = false;
  private readonly budget = new LineBudget(10, 10_000);

  constructor(private readonly plan: ProcessPlan) {}

  get pid(): number | undefined {
    return this.run?.child.pid;
  }

  /**
   * Resolves when the process is ready for the first time, or was stopped before that.
   * @throws {StartError} when it dies again and again instead.
   */
  async start(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.loop = this.keepRunning(resolve).then(resolve, reject);
    });
  }

  /** Asks the process to finish what is in flight; ends it by force after `patienceMs`. */
  async stop(patienceMs: number): Promise<void> {
    this.stopping.abort();
    const run = this.run;
    if (run !== undefined) {
      run.child.kill('SIGTERM');
      const waiting = new AbortController();
      const late = sleep(patienceMs, 'late', { signal: waiting.signal }).catch(() => 'ended');
      const outcome = await Promise.race([run.ended, late]);
      waiting.abort();
      if (outcome === 'late') {
        this.plan.tell(`${this.plan.name} did not stop within ${patienceMs} ms and was ended.`);
        this.kill();
      }
    }
    await this.loop;
  }

  /** Ends the process, and those it has started, at once. */
  kill(): void {
    this.stopping.abort();
    if (this.run !== undefined) killGroup(this.run.child);
  }

  private async keepRunning(ready: () => void): Promise<void> {
    let deaths = 0;
    while (!this.stopping.signal.aborted) {
      const run = this.launch();
      if (run.child.pid !== undefined) await this.plan.register.add(this.plan.name, run.child.pid);
      await this.untilReady(run, ready);
      const { how, status } = await run.ended;
      // What it had started must not outlive it.
      killGroup(run.child);
      await this.plan.register.remove(this.plan.name);
      this.run = undefined;
      if (this.stopping.signal.aborted) return;
      deaths = deathsInARow(deaths, Date.now() - run.startedAt);
      if (!this.wasReady && (deaths >= GIVE_UP_DEATHS || status === EXIT_CONFIGURATION)) throw this.doesNotStart(how);
      const delay = restartDelayMs(deaths);
      this.plan.tell(this.died(how, deaths, delay));
      await sleep(delay, undefined, { signal: this.stopping.signal }).catch(() => undefined);
    }
  }

  private async untilReady(run: Run, ready: () => void): Promise<void> {
    const over = new AbortController();
    void run.ended.then(() => over.abort());
    const until = AbortSignal.any([over.signal, this.stopping.signal]);
    const within = this.wasReady ? Number.POSITIVE_INFINITY : READY_WITHIN_MS;
    const answer = await waitUntilReady(this.plan.readyUrl, within, until);
    if (until.aborted) return;
    if (!answer.ready) throw this.doesNotStart(`not ready after ${READY_WITHIN_MS / 1000} s: ${answer.detail}`);
    if (this.wasReady) this.plan.tell(`${this.plan.name} is back.`);
    this.wasReady = true;
    ready();
  }

  private launch(): Run {
    const child = spawn(process.execPath, [...NODE_OPTIONS, this.plan.script], {
      env: { ...this.plan.environment },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A process group of its own: Ctrl-C at the terminal is for the launcher, which stops all in order.
      detached: process.platform !== 'win32',
    });
    for (const output of [child.stdout, child.stderr]) {
      if (output !== null) createInterface({ input: output }).on('line', (line) => this.take(line));
    }
    const ended = new Promise<Awaited<Run['ended']>>((resolve) => {
      child.once('error', (error) => resolve({ how: messageOf(error), status: null }));
      child.once('exit', (status, signal) =>
        resolve({ how: signal === null ? `exit status ${status}` : `signal ${signal}`, status }),
      );
    });
    this.run = { child, startedAt: Date.now(), ended };
    return this.run;
  }

  private take(line: string): void {
    this.plan.log.append(`${line}\n`);
    const shown = terminalLine(line);
    // While it drains, what breaks off is expected.
    if (shown === undefined || this.stopping.signal.aborted) return;
    const verdict = this.budget.take(Date.now());
    if (verdict === 'hide') return;
    const more = verdict === 'last' ? ` (more in ${this.plan.log.path})` : '';
    this.plan.tell(`${this.plan.name} ${shown}${more}`);
  }

  private died(how: string, deaths: number, delayMs: number): string {
    const loop =
      deaths >= CRASH_LOOP_DEATHS ? ` It has now died ${deaths} times in a row: see ${this.plan.log.path}.` : '';
    return `${this.plan.name} died (${how}); it starts again in ${delayMs} ms.${loop}`;
  }

  private doesNotStart(how: string): StartError {
    const { name, log } = this.plan;
    return new StartError(`The ${name} does not start (${how}). The end of its log ${log.path}:\n${log.tail(12)}`);
  }
}

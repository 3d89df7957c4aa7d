import type { ExecutorState } from '../protocol/executor-state.js';
import { HEALTHY_AFTER_MS, restartDelayMs } from './backoff.rules.js';
import type { ExecutorLog } from './executor-log.js';
import type { PooledExecutor } from './pooled-executor.js';
import type { ProcessEnd } from './process-end.rules.js';

export interface SlotOptions {
  /** A number that changes with the settings of new processes. */
  readonly revision: () => number;
  /** Starts the process of the given generation (1, 2, 3…). */
  readonly start: (generation: number, restarts: number, onStatus: () => void) => Promise<PooledExecutor>;
  /** Called after an executor has ended, whyever. */
  readonly onEnd: (executor: PooledExecutor, end: ProcessEnd) => void;
  readonly onChange: () => void;
  /** Model loads after which a process is replaced. */
  readonly maxLoads: number;
  /** How long a replaced process may go on with what it has, in milliseconds. */
  readonly drainTimeoutMs: number;
  readonly log: ExecutorLog;
}

/** One place of a pool: keeps a process running in it, replaces it when it has ended or is worn out. */
export class ExecutorSlot {
  private current: PooledExecutor | undefined;
  private replacement: PooledExecutor | undefined;
  private readonly draining = new Set<PooledExecutor>();
  private lastState: ExecutorState | undefined;
  private generation = 0;
  private restarts = 0;
  private failures = 0;
  private isStarting = false;
  private isRetired = false;
  private timer: NodeJS.Timeout | undefined;
  private healthyTimer: NodeJS.Timeout | undefined;
  private readonly emptyWaiters: (() => void)[] = [];
  private readonly renewalWaiters: (() => void)[] = [];
  private readonly revisions = new WeakMap<PooledExecutor, number>();

  constructor(private readonly options: SlotOptions) {
    this.startLater(0);
  }

  /** The processes that take requests, or will. */
  executors(): PooledExecutor[] {
    return [this.current, this.replacement].flatMap((executor) => executor ?? []);
  }

  states(): ExecutorState[] {
    const live = [...this.executors(), ...this.draining].map((executor) => executor.state());
    if (live.length > 0 || this.lastState === undefined || this.isRetired) return live;
    const { restarts } = this;
    return [
      {
        ...this.lastState,
        state: 'BACKOFF',
        pid: null,
        models: [],
        loading: [],
        failures: [],
        inFlight: 0,
        rssBytes: 0,
        restarts,
      },
    ];
  }

  /** Whether its process was started with other settings than a new one would be. */
  get isOutdated(): boolean {
    return this.current !== undefined && !this.isUpToDate(this.current);
  }

  /** To be called when the settings have changed: a successor with the old ones, or one that fails, is not waited for. */
  reconsider(): void {
    this.giveUpOutdatedSuccessor();
    if (this.timer === undefined) return;
    this.failures = 0;
    this.startLater(0);
  }

  /** Replaces an outdated process as soon as its successor takes requests. Resolves when that is done or needless. */
  async renew(): Promise<void> {
    const renewed = new Promise<void>((resolve) => this.renewalWaiters.push(resolve));
    this.notice();
    await renewed;
  }

  /** Starts no more; resolves when every process has finished what it had and ended, at the latest after `timeoutMs`. */
  async retire(timeoutMs: number): Promise<void> {
    this.isRetired = true;
    clearTimeout(this.timer);
    clearTimeout(this.healthyTimer);
    for (const executor of [this.current, this.replacement]) if (executor !== undefined) this.draining.add(executor);
    this.current = undefined;
    this.replacement = undefined;
    for (const executor of this.draining) executor.drain(timeoutMs);
    this.notifyIfRenewed();
    this.notifyIfEmpty();
    if (!this.isEmpty) await new Promise<void>((resolve) => this.emptyWaiters.push(resolve));
  }

  private get isStartAhead(): boolean {
    return this.isStarting || this.timer !== undefined;
  }

  private get isEmpty(): boolean {
    return !this.isStarting && this.draining.size === 0;
  }

  private notifyIfEmpty(): void {
    if (this.isEmpty) for (const resolve of this.emptyWaiters.splice(0)) resolve();
  }

  private isUpToDate(executor: PooledExecutor): boolean {
    return this.revisions.get(executor) === this.options.revision();
  }

  private giveUpOutdatedSuccessor(): void {
    const { replacement } = this;
    if (replacement === undefined || this.isUpToDate(replacement)) return;
    this.replacement = undefined;
    this.draining.add(replacement);
    replacement.drain(0);
  }

  private get isWorn(): boolean {
    const isToBeRenewed = this.renewalWaiters.length > 0 && this.isOutdated;
    return isToBeRenewed || (this.current?.loads ?? 0) >= this.options.maxLoads;
  }

  private notifyIfRenewed(): void {
    if (!this.isOutdated) for (const resolve of this.renewalWaiters.splice(0)) resolve();
  }

  private startLater(delayMs: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      void this.start();
    }, delayMs);
  }

  private async start(): Promise<void> {
    this.isStarting = true;
    this.generation += 1;
    const revision = this.options.revision();
    try {
      const executor = await this.options.start(this.generation, this.restarts, () => this.notice());
      this.revisions.set(executor, revision);
      void executor.ended.then((end) => this.handleEnd(executor, end));
      if (this.isRetired) {
        this.draining.add(executor);
        executor.drain(0);
      } else if (this.current === undefined) {
        this.current = executor;
      } else {
        this.replacement = executor;
        this.giveUpOutdatedSuccessor();
      }
    } catch (error) {
      this.options.log('error', 'An executor cannot be started', { error });
      this.restartAfterFailure();
    } finally {
      this.isStarting = false;
      this.notifyIfEmpty();
    }
    this.options.onChange();
  }

  /** Looks at what a process says of itself. */
  private notice(): void {
    this.options.onChange();
    const { current, replacement } = this;
    if (current === undefined || !current.isReady) return;
    this.healthyTimer ??= setTimeout(() => (this.failures = 0), HEALTHY_AFTER_MS).unref();
    if (replacement?.isReady) {
      this.current = replacement;
      this.replacement = undefined;
      this.draining.add(current);
      current.drain(this.options.drainTimeoutMs);
    } else if (this.isWorn && replacement === undefined && !this.isStartAhead) {
      void this.start();
    }
    this.notifyIfRenewed();
  }

  private handleEnd(executor: PooledExecutor, end: ProcessEnd): void {
    this.lastState = executor.state();
    const wasAskedTo = this.draining.delete(executor);
    if (!wasAskedTo) this.replaceLost(executor, end);
    this.notifyIfRenewed();
    this.options.onEnd(executor, end);
    this.options.onChange();
    this.notifyIfEmpty();
  }

  private replaceLost(executor: PooledExecutor, end: ProcessEnd): void {
    this.restarts += 1;
    this.options.log(end.reason === 'exited' ? 'info' : 'warn', `The executor ${end.text}`, {
      executor: executor.id,
      reason: end.reason,
      model: executor.runningDigest,
    });
    if (executor === this.current) {
      this.current = this.replacement;
      this.replacement = undefined;
      clearTimeout(this.healthyTimer);
      this.healthyTimer = undefined;
    } else if (executor === this.replacement) {
      this.replacement = undefined;
    }
    if (this.current === undefined || executor.state().state === 'STARTING') this.restartAfterFailure();
  }

  private restartAfterFailure(): void {
    this.failures += 1;
    if (!this.isRetired) this.startLater(restartDelayMs(this.failures, Math.random()));
  }
}

import { type ExecutorHostState, quarantinedError } from '../protocol/executor-state.js';
import type { ExecutorDirectory } from './executor-directory.js';
import { ExecutorFolder } from './executor-folder.js';
import { ExecutorSlot } from './executor-slot.js';
import type { LaunchOptions } from './launch.js';
import type { ModelFiles } from './model-files.js';
import { PooledExecutor } from './pooled-executor.js';
import type { ProcessEnd } from './process-end.rules.js';
import { Publisher } from './publisher.js';
import { Quarantine } from './quarantine.js';

/** How a pool and its executors work. */
export interface ExecutorPoolOptions extends LaunchOptions {
  /** Unique among all workers; part of the ids of its executors. */
  readonly hostId: string;
  /** Name of the pool, for those who look at it from outside. */
  readonly pool: string;
  readonly executors: number;
  /** `cpu` or `cuda:N`, dealt out to the executors in turn; at least one. */
  readonly devices: readonly string[];
  /** Bytes of model files that one executor keeps loaded. */
  readonly cacheBytes: number;
  /** Time that one batch may take, in milliseconds. */
  readonly batchMs: number;
  readonly maxBatchRows: number;
  /** Model loads after which an executor is replaced by a fresh process. */
  readonly maxLoads: number;
  /** Threads of one model run (intra-op). */
  readonly threads: number;
  /** How long an executor that is replaced may go on with what it has, in milliseconds. */
  readonly drainTimeoutMs: number;
  readonly modelFiles: ModelFiles;
  readonly directory: ExecutorDirectory;
}

const LONGEST_HEARTBEAT_MS = 500;

/** Executor processes of this host: starts, feeds, watches, replaces and announces them. */
export class ExecutorPool {
  private readonly slots: ExecutorSlot[] = [];
  /** Slots whose processes finish what they have, and the promise that they are done. */
  private readonly retiring = new Map<ExecutorSlot, Promise<void>>();
  private readonly quarantine = new Quarantine();
  private readonly publisher: Publisher;
  private slotCount = 0;

  private constructor(
    private readonly options: ExecutorPoolOptions,
    private readonly folder: ExecutorFolder,
  ) {
    this.publisher = new Publisher(options.directory, () => this.state(), options.log);
    this.resize(options.executors);
  }

  /** Starts a pool; does not wait until its executors are ready. */
  static async start(options: ExecutorPoolOptions): Promise<ExecutorPool> {
    return new ExecutorPool(options, await ExecutorFolder.create());
  }

  /** Changes the number of executors. Those that are too many finish what they have. */
  resize(executors: number): void {
    if (executors === this.slots.length) return;
    while (this.slots.length < executors) this.slots.push(this.newSlot());
    for (const slot of this.slots.splice(executors)) this.retire(slot, this.options.drainTimeoutMs);
    this.publisher.changed();
  }

  /**
   * Lets the executors finish what they have, for up to `timeoutMs` milliseconds, and ends them. Leaves no process and no
   * file behind.
   */
  async stop(timeoutMs: number): Promise<void> {
    for (const slot of [...this.slots.splice(0), ...this.retiring.keys()]) this.retire(slot, timeoutMs);
    this.publisher.changed();
    await Promise.all(this.retiring.values());
    await this.publisher.stop();
    await this.folder.remove();
  }

  /** The executors and the quarantined models, as published. */
  state(): ExecutorHostState {
    const executors = [...this.slots, ...this.retiring.keys()].flatMap((slot) => slot.states());
    const { hostId, pool } = this.options;
    return { hostId, pool, executors, quarantined: this.quarantine.list(Date.now()) };
  }

  private retire(slot: ExecutorSlot, timeoutMs: number): void {
    const done = slot.retire(timeoutMs).then(() => {
      this.retiring.delete(slot);
      this.publisher.changed();
    });
    this.retiring.set(slot, done);
  }

  private newSlot(): ExecutorSlot {
    const { maxLoads, drainTimeoutMs, log, devices } = this.options;
    const number = this.slotCount;
    this.slotCount += 1;
    const device = devices[this.slots.length % devices.length] ?? 'cpu';
    return new ExecutorSlot({
      maxLoads,
      drainTimeoutMs,
      log,
      start: (generation, restarts, onStatus) =>
        this.startExecutor(`${number}.${generation}`, device, restarts, onStatus),
      onEnd: (executor, end) => this.noteEnd(executor, end),
      onChange: () => this.publisher.changed(),
    });
  }

  private async startExecutor(
    name: string,
    device: string,
    restarts: number,
    onStatus: () => void,
  ): Promise<PooledExecutor> {
    const { options, folder } = this;
    const { hostId, threads, cacheBytes, batchMs, maxBatchRows, runTimeoutMs } = options;
    const emptyFolder = await folder.makeEmptyFolder(name);
    const heartbeatMs = Math.min(LONGEST_HEARTBEAT_MS, Math.ceil(runTimeoutMs / 4));
    const limits = { threads, cacheBytes, batchMs, maxBatchRows, heartbeatMs };
    const executor = new PooledExecutor(
      { id: `${hostId}-${name}`, hostId, restarts },
      { mode: 'serve', device, address: folder.address(name), emptyFolder, ...limits },
      options,
      { pathOf: (digest) => this.pathOf(digest), onStatus },
    );
    void executor.ended.then(() => folder.clear(name));
    return executor;
  }

  private async pathOf(digest: string): Promise<string> {
    const now = Date.now();
    const until = this.quarantine.endOf(digest, now);
    if (until === undefined) return this.options.modelFiles.pathOf(digest);
    throw quarantinedError(until - now);
  }

  private noteEnd(executor: PooledExecutor, { isModelsFault }: ProcessEnd): void {
    const digest = executor.runningDigest;
    if (!isModelsFault || digest === undefined || !this.quarantine.strike(digest, Date.now())) return;
    this.options.log('error', 'A model is quarantined: executors crashed or hung with it again and again', { digest });
  }
}

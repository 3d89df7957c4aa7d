import type { ModelOrders } from '../protocol/control.js';
import {
  type ExecutorEnding,
  type ExecutorHostState,
  type ExecutorState,
  type MachineSize,
  quarantinedError,
} from '../protocol/executor-state.js';
import type { ExecutorDirectory } from './executor-directory.js';
import { type ExecutorResources, isSameResources } from './executor-resources.js';
import { ExecutorFolder } from './executor-folder.js';
import { roomFor } from './executor-room.rules.js';
import { ExecutorSlot } from './executor-slot.js';
import type { LaunchOptions } from './launch.js';
import type { ModelFiles } from './model-files.js';
import type { NetworkEndpoint } from './network-endpoint.js';
import { type ExecutorSurroundings, PooledExecutor } from './pooled-executor.js';
import type { ProcessEnd } from './process-end.rules.js';
import { Publisher } from './publisher.js';
import { Quarantine } from './quarantine.js';

/** How a pool and its executors work. */
export interface ExecutorPoolOptions extends LaunchOptions, ExecutorResources {
  /** Unique among all workers; part of the ids of its executors. */
  readonly hostId: string;
  /** Name of the pool, for those who look at it from outside. */
  readonly pool: string;
  /** The machine on which this is. */
  readonly machine: MachineSize;
  readonly executors: number;
  /** Time that one batch may take, in milliseconds. */
  readonly batchMs: number;
  readonly maxBatchRows: number;
  /** Model loads after which an executor is replaced by a fresh process. */
  readonly maxLoads: number;
  /** How long an executor that is replaced may go on with what it has, in milliseconds. */
  readonly drainTimeoutMs: number;
  /** Undefined where executors are reached by Unix sockets, and so from this machine only. */
  readonly endpoint?: NetworkEndpoint | undefined;
  readonly modelFiles: ModelFiles;
  readonly directory: ExecutorDirectory;
}

const LONGEST_HEARTBEAT_MS = 500;

/** Endings that are told of. */
const MAX_ENDINGS = 32;

/** Executor processes of this host: starts, feeds, watches, replaces and announces them. */
export class ExecutorPool {
  private readonly slots: ExecutorSlot[] = [];
  /** Slots whose processes finish what they have, and the promise that they are done. */
  private readonly retiring = new Map<ExecutorSlot, Promise<void>>();
  private readonly quarantine = new Quarantine();
  private readonly publisher: Publisher;
  private endings: readonly ExecutorEnding[] = [];
  private slotCount = 0;
  private resources: ExecutorResources;
  /** Counts the changes of the resources. */
  private revision = 0;
  private isRolling = false;

  private constructor(
    private readonly options: ExecutorPoolOptions,
    private readonly folder: ExecutorFolder,
  ) {
    this.publisher = new Publisher(options.directory, () => this.state(), options.log);
    const { devices, threads, memoryBytes, cacheBytes, environment } = options;
    this.resources = { devices, threads, memoryBytes, cacheBytes, ...(environment && { environment }) };
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
   * Changes what executors are given. They are replaced one after another, each as soon as its successor takes requests;
   * where the successor does not come up, the others stay as they are.
   */
  configure(resources: ExecutorResources): void {
    if (isSameResources(resources, this.resources)) return;
    this.resources = resources;
    this.revision += 1;
    for (const slot of this.slots) slot.reconsider();
    void this.roll();
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
    const { hostId, pool, machine } = this.options;
    const room = roomFor(machine, this.resources);
    const quarantined = this.quarantine.list(Date.now());
    return { hostId, pool, machine, room, executors, quarantined, endings: this.endings };
  }

  private async roll(): Promise<void> {
    if (this.isRolling) return;
    this.isRolling = true;
    for (;;) {
      const outdated = this.slots.find((slot) => slot.isOutdated);
      if (outdated === undefined) break;
      await outdated.renew();
    }
    this.isRolling = false;
  }

  /** Says what the executors are to do with models; those that are not ready yet have to be told again. */
  order(ordersOf: (executor: ExecutorState) => ModelOrders): void {
    for (const executor of this.slots.flatMap((slot) => slot.executors())) executor.order(ordersOf(executor.state()));
  }

  private retire(slot: ExecutorSlot, timeoutMs: number): void {
    const done = slot.retire(timeoutMs).then(() => {
      this.retiring.delete(slot);
      this.publisher.changed();
    });
    this.retiring.set(slot, done);
  }

  private newSlot(): ExecutorSlot {
    const { maxLoads, drainTimeoutMs, log } = this.options;
    const number = this.slotCount;
    this.slotCount += 1;
    const place = this.slots.length;
    return new ExecutorSlot({
      maxLoads,
      drainTimeoutMs,
      log,
      revision: () => this.revision,
      start: (generation, restarts, onStatus) =>
        this.startExecutor(`${number}.${generation}`, place, restarts, onStatus),
      onEnd: (executor, end) => this.noteEnd(executor, end),
      onChange: () => this.publisher.changed(),
    });
  }

  private async startExecutor(
    name: string,
    place: number,
    restarts: number,
    onStatus: () => void,
  ): Promise<PooledExecutor> {
    const { options, folder, resources } = this;
    const { devices, threads, cacheBytes } = resources;
    const { hostId, batchMs, maxBatchRows, runTimeoutMs, endpoint } = options;
    const device = devices[place % devices.length] ?? 'cpu';
    const emptyFolder = await folder.makeEmptyFolder(name);
    const heartbeatMs = Math.min(LONGEST_HEARTBEAT_MS, Math.ceil(runTimeoutMs / 4));
    const limits = { threads, cacheBytes, batchMs, maxBatchRows, heartbeatMs };
    const executor = new PooledExecutor(
      { id: `${hostId}-${name}`, hostId, restarts },
      { mode: 'serve', device, address: endpoint?.listen ?? folder.address(name), emptyFolder, ...limits },
      { ...options, ...resources },
      { fileOf: (digest) => this.fileOf(digest), onStatus, endpoint },
    );
    void executor.ended.then(() => folder.clear(name));
    return executor;
  }

  private async fileOf(digest: string): ReturnType<ExecutorSurroundings['fileOf']> {
    const { modelFiles } = this.options;
    const now = Date.now();
    const until = this.quarantine.endOf(digest, now);
    if (until !== undefined) throw quarantinedError(until - now);
    const [path, warmUp] = await Promise.all([modelFiles.pathOf(digest), modelFiles.warmUpOf(digest)]);
    return { path, warmUp };
  }

  private noteEnd(executor: PooledExecutor, { isModelsFault }: ProcessEnd): void {
    const digest = executor.runningDigest;
    const ending = { executor: executor.id, digest: isModelsFault ? (digest ?? null) : null };
    this.endings = [...this.endings, ending].slice(-MAX_ENDINGS);
    if (!isModelsFault || digest === undefined || !this.quarantine.strike(digest, Date.now())) return;
    this.options.log('error', 'A model is quarantined: executors crashed or hung with it again and again', { digest });
  }
}

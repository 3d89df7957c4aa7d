import { CodedError } from '../../../common/errors/coded-error.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { PlacementPolicy } from '../../registry/serving/serving-policy.js';
import { quarantinedError } from '../protocol/executor-state.js';
import type { InferAnswer, InferRequest, ModelDescriptor } from '../protocol/messages.js';
import { chooseExecutor } from './balancing.rules.js';
import { ConnectAttempts } from './connect-attempts.js';
import { ConnectionLost, deadlineExceeded, ExecutorConnection } from './executor-connection.js';
import type { KeyOf } from './executor-socket.js';
import type { ExecutorView } from './executor-view.js';
import { lossesOf } from './losses.rules.js';
import { placed } from './placement.rules.js';

export interface Inference {
  /** SHA-256 of the model file, 64 hexadecimal digits. */
  readonly digest: string;
  readonly descriptor: ModelDescriptor;
  /** Which executors may run it; all where it is absent. One object for each model, as it is remembered. */
  readonly placement?: PlacementPolicy | undefined;
  readonly tensors: readonly Tensor[];
  /** Names of the wanted outputs; all when absent. */
  readonly outputs?: readonly string[] | undefined;
  /** Time left, in milliseconds. */
  readonly deadlineMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface InferenceResult {
  readonly outputs: readonly Tensor[];
  /** Time that ONNX Runtime took for the batch, in milliseconds. */
  readonly inferenceMs: number;
  /** All other time between the request and its answer: transport and waiting, in milliseconds. */
  readonly queueMs: number;
  /** Rows of the batch in which the request ran. */
  readonly batchRows: number;
  /** Id of the executor. */
  readonly executor: string;
  /** Whether it was remembered from an earlier request; absent where nothing is. */
  readonly fromCache?: boolean | undefined;
}

/** How long a request waits for an executor that is being started, in milliseconds; the deadline permitting. */
const WAIT_FOR_EXECUTOR_MS = 5_000;
const RETRY_HINT_MS = 1_000;

/** Executors that a request may cost by its own model. */
const MAX_BLAMED = 2;

/** How long a request waits to be told why executors were lost, in milliseconds. */
const REASON_WITHIN_MS = 2_000;

/**
 * How long an executor that is no longer known may still answer, in milliseconds: its host has not been heard of, so
 * perhaps the machine is gone, and nothing else would tell.
 */
const ABANDON_AFTER_MS = 5_000;

/** What a request was to the pool that served it, or did not. */
export interface ServedRequest {
  readonly pool: string;
  /** How long it waited; as long as it could, where that was in vain. */
  readonly queueMs: number;
  /** Its part of the time of the executor's run, in milliseconds. */
  readonly busyMs: number;
}

export interface ExecutorClientOptions {
  /** What is known only to those who may use executors of other machines. */
  readonly keyOf?: KeyOf;
  /** Told once of each executor that cannot be reached. */
  readonly onUnreachable?: (executor: string, address: string, reason: Error) => void;
}

/** Runs models on the executors that a view knows: on the one that is least busy, over one connection to each. */
export class ExecutorClient {
  private readonly connections = new Map<string, ExecutorConnection>();
  private usable: readonly ExecutorConnection[] = [];
  /** Of the usable ones those that may run a model. */
  private placements = new WeakMap<PlacementPolicy, readonly ExecutorConnection[]>();
  private readonly waiters = new Set<() => void>();
  private readonly stopWatching: () => void;
  private readonly attempts = new ConnectAttempts();
  private readonly reconnectTimers = new Set<NodeJS.Timeout>();
  private turn = 0;
  private served: ((request: ServedRequest) => void) | undefined;
  private isClosed = false;

  constructor(
    private readonly view: ExecutorView,
    private readonly options: ExecutorClientOptions = {},
  ) {
    this.stopWatching = view.onChange(() => this.refresh());
    this.refresh();
  }

  /** Tells `listener` of each request from now on. */
  onServed(listener: (request: ServedRequest) => void): void {
    this.served = listener;
  }

  /** Whether there is an executor that takes requests and that this process reaches. */
  get isReady(): boolean {
    return this.usable.length > 0;
  }

  /**
   * Runs a model. An executor that is lost meanwhile is replaced by another one, of another host if possible, unless two
   * were lost to this very model.
   * @throws {CodedError} of the executor (INVALID_TENSOR, INVALID_INPUT, MODEL_LOAD_FAILED, MODEL_RUN_FAILED…), or
   *   EXECUTORS_UNAVAILABLE, EXECUTOR_LOST, MODEL_QUARANTINED, DEADLINE_EXCEEDED, CANCELLED.
   */
  async infer(inference: Inference): Promise<InferenceResult> {
    const startedAt = performance.now();
    const expiresAt = startedAt + inference.deadlineMs;
    assertNotCancelled(inference);
    let connection = this.choose(inference) ?? (await this.waitFor(inference, expiresAt, this.isExecutorExpected()));
    for (const lost: string[] = []; ;) {
      try {
        return await this.run(connection, inference, startedAt, expiresAt);
      } catch (error) {
        if (!(error instanceof ConnectionLost)) throw error;
        lost.push(connection.id);
        if (lost.length >= MAX_BLAMED && (await this.isToBlame(inference, lost, expiresAt))) {
          const message = 'Two executors ended while they worked on this request. Check the model, or try again.';
          throw new CodedError('EXECUTOR_LOST', message, { retryAfterMs: RETRY_HINT_MS, cause: error });
        }
      }
      connection = this.choose(inference, connection.hostId) ?? (await this.waitFor(inference, expiresAt, true));
    }
  }

  /**
   * Whether the request's own model has cost as many executors as one request may. The first losses are made good
   * unasked; then it counts why they were: who only waited behind another model that hung is sent again.
   */
  private async isToBlame({ digest, signal }: Inference, lost: readonly string[], expiresAt: number): Promise<boolean> {
    const until = Math.min(expiresAt, performance.now() + REASON_WITHIN_MS);
    for (;;) {
      const { blamed, unexplained } = lossesOf(this.view.hosts(), lost, digest);
      const leftMs = until - performance.now();
      // A host that says nothing is gone itself, or does not know better.
      if (blamed >= MAX_BLAMED || unexplained === 0 || leftMs <= 0) return blamed + unexplained >= MAX_BLAMED;
      await this.nextChange(leftMs, signal);
      if (signal?.aborted) return false;
    }
  }

  /** Closes all connections; what is in flight fails. */
  close(): void {
    this.isClosed = true;
    this.stopWatching();
    for (const timer of this.reconnectTimers) clearTimeout(timer);
    for (const connection of this.connections.values()) connection.destroy();
    this.connections.clear();
    this.usable = [];
    this.notify();
  }

  /** @param lostHost a host that is avoided where there is another: where one executor was lost, all of it may be. */
  private choose({ digest, placement }: Inference, lostHost?: string): ExecutorConnection | undefined {
    this.turn = (this.turn + 1) & 0xffff;
    const candidates = placement === undefined ? this.usable : this.placedFor(digest, placement);
    const others = lostHost === undefined ? [] : candidates.filter(({ hostId }) => hostId !== lostHost);
    const chosen = chooseExecutor(others, digest, this.turn) ?? chooseExecutor(candidates, digest, this.turn);
    if (chosen === undefined) this.refuseQuarantined(digest);
    return chosen;
  }

  private placedFor(digest: string, placement: PlacementPolicy): readonly ExecutorConnection[] {
    const known = this.placements.get(placement);
    if (known !== undefined) return known;
    const found = placed(this.usable, digest, placement);
    this.placements.set(placement, found);
    return found;
  }

  /** @throws {CodedError} MODEL_QUARANTINED where every host has quarantined the model. */
  private refuseQuarantined(digest: string): void {
    const hosts = this.view.hosts();
    const now = Date.now();
    const endings = hosts.flatMap(({ quarantined }) => quarantined.filter((model) => model.digest === digest));
    const remainingMs = Math.min(...endings.map(({ until }) => until - now));
    if (hosts.length > 0 && endings.length === hosts.length && remainingMs > 0) throw quarantinedError(remainingMs);
  }

  private async run(
    connection: ExecutorConnection,
    { digest, descriptor, tensors, outputs, signal }: Inference,
    startedAt: number,
    expiresAt: number,
  ): Promise<InferenceResult> {
    const deadlineMs = expiresAt - performance.now();
    if (deadlineMs <= 0) throw deadlineExceeded();
    const { batchable, maxBatchRows, batchDelayMs, priority } = descriptor;
    const request = { digest, batchable, maxBatchRows, batchDelayMs, priority, deadlineMs, outputs, tensors };
    const { pool } = connection;
    try {
      const answer = await connection.infer(request, signal);
      const result = toResult(answer, connection.id, performance.now() - startedAt);
      this.served?.({ pool, queueMs: result.queueMs, busyMs: shareOf(answer, request) });
      return result;
    } catch (error) {
      if (isForLackOfRoom(error)) this.served?.({ pool, queueMs: deadlineMs, busyMs: 0 });
      throw error;
    }
  }

  private isExecutorExpected(): boolean {
    return this.view.hosts().some(({ executors }) => executors.some(({ state }) => state !== 'DRAINING'));
  }

  /** Waits until an executor can be chosen, where that is to be expected. */
  private async waitFor(inference: Inference, expiresAt: number, isExpected: boolean): Promise<ExecutorConnection> {
    const giveUpAt = performance.now() + (isExpected ? WAIT_FOR_EXECUTOR_MS : 0);
    for (;;) {
      const now = performance.now();
      assertNotCancelled(inference);
      const chosen = this.isClosed ? undefined : this.choose(inference);
      if (chosen !== undefined) return chosen;
      if (now >= expiresAt) throw deadlineExceeded();
      if (now >= giveUpAt || this.isClosed) throw unavailable(inference.placement);
      await this.nextChange(Math.min(expiresAt, giveUpAt) - now, inference.signal);
    }
  }

  private async nextChange(timeoutMs: number, signal: AbortSignal | undefined): Promise<void> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        this.waiters.delete(done);
        resolve();
      };
      const timer = setTimeout(done, Math.ceil(timeoutMs));
      signal?.addEventListener('abort', done);
      this.waiters.add(done);
    });
  }

  private notify(): void {
    for (const done of this.waiters) done();
  }

  /** Connects to new executors, leaves those that are gone or finish. */
  private refresh(): void {
    if (this.isClosed) return;
    const left = new Map(this.connections);
    const known = new Set<string>();
    for (const host of this.view.hosts()) {
      for (const executor of host.executors) {
        known.add(executor.id);
        if (executor.state !== 'READY') continue;
        left.delete(executor.id);
        this.connectionTo(executor.id, executor.address)?.update(host, executor);
      }
    }
    for (const [id, connection] of left) {
      this.connections.delete(id);
      if (known.has(id)) connection.leave();
      else connection.abandon(ABANDON_AFTER_MS);
    }
    this.attempts.keep(known);
    this.listUsable();
    this.notify();
  }

  private connectionTo(id: string, address: string): ExecutorConnection | undefined {
    const known = this.connections.get(id);
    if (known !== undefined) return known;
    if (!this.attempts.mayTry(id, performance.now())) return undefined;
    const connection = new ExecutorConnection(id, address, (changed) => this.handleChange(changed), this.options.keyOf);
    this.connections.set(id, connection);
    return connection;
  }

  private handleChange(connection: ExecutorConnection): void {
    this.listUsable();
    if (connection.isUsable) {
      this.attempts.succeeded(connection.id);
      this.notify();
    }
    // What asked to be left is left until the view agrees; what broke off is tried again in case it is still there.
    if (!connection.isClosed || this.isClosed) return;
    this.connections.delete(connection.id);
    this.retryLater(connection);
  }

  private retryLater({ id, address, failure }: ExecutorConnection): void {
    const delayMs = this.attempts.failed(id, performance.now());
    if (failure !== undefined && this.attempts.failuresOf(id) === 1) this.options.onUnreachable?.(id, address, failure);
    const timer = setTimeout(() => {
      this.reconnectTimers.delete(timer);
      this.refresh();
    }, delayMs + 1);
    this.reconnectTimers.add(timer);
  }

  private listUsable(): void {
    this.placements = new WeakMap();
    this.usable = [...this.connections.values()].filter((connection) => connection.isUsable);
  }
}

function toResult(answer: InferAnswer, executor: string, elapsedMs: number): InferenceResult {
  const { outputs, inferenceMs, batchRows } = answer;
  // The executor cannot see how long a request lay in the socket while it was busy, but the rest of the time tells.
  const queueMs = Math.max(answer.queueMs, elapsedMs - inferenceMs);
  return { outputs, inferenceMs, queueMs, batchRows, executor };
}

/** A batch works for all of its rows; this is the part of those of the request. */
function shareOf({ inferenceMs, batchRows }: InferAnswer, { batchable, tensors }: InferRequest): number {
  const rows = batchable ? (tensors[0]?.shape[0] ?? batchRows) : batchRows;
  return (inferenceMs * rows) / Math.max(1, batchRows);
}

function isForLackOfRoom(error: unknown): boolean {
  return error instanceof CodedError && (error.code === 'DEADLINE_EXCEEDED' || error.code === 'OVERLOADED');
}

function assertNotCancelled({ signal }: Inference): void {
  if (signal?.aborted) throw new CodedError('CANCELLED', 'The caller cancelled the inference.');
}

function unavailable(placement: PlacementPolicy | undefined): CodedError {
  const needed = placement?.isDeviceRequired === true ? ` that uses ${placement.device}, as its policy requires,` : '';
  const message = `No executor${needed} is ready. They may be starting; see the executors query.`;
  return new CodedError('EXECUTORS_UNAVAILABLE', message, { retryAfterMs: RETRY_HINT_MS });
}

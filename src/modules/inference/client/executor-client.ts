import { CodedError } from '../../../common/errors/coded-error.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import { quarantinedError } from '../protocol/executor-state.js';
import type { InferAnswer, ModelDescriptor } from '../protocol/messages.js';
import { chooseExecutor } from './balancing.rules.js';
import { ConnectionLost, deadlineExceeded, ExecutorConnection } from './executor-connection.js';
import type { ExecutorView } from './executor-view.js';

export interface Inference {
  /** SHA-256 of the model file, 64 hexadecimal digits. */
  readonly digest: string;
  readonly descriptor: ModelDescriptor;
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
}

/** How long a request waits for an executor that is being started, in milliseconds; the deadline permitting. */
const WAIT_FOR_EXECUTOR_MS = 5_000;
const RETRY_HINT_MS = 1_000;
const RECONNECT_MS = 250;

/** Runs models on the executors that a view knows: on the one that is least busy, over one connection to each. */
export class ExecutorClient {
  private readonly connections = new Map<string, ExecutorConnection>();
  private usable: ExecutorConnection[] = [];
  private readonly waiters = new Set<() => void>();
  private readonly stopWatching: () => void;
  private reconnectTimer: NodeJS.Timeout | undefined;
  private turn = 0;
  private isClosed = false;

  constructor(private readonly view: ExecutorView) {
    this.stopWatching = view.onChange(() => this.refresh());
    this.refresh();
  }

  /**
   * Runs a model. An executor that is lost meanwhile is replaced by another one once.
   * @throws {CodedError} of the executor (INVALID_TENSOR, INVALID_INPUT, MODEL_LOAD_FAILED, MODEL_RUN_FAILED…), or
   *   EXECUTORS_UNAVAILABLE, EXECUTOR_LOST, MODEL_QUARANTINED, DEADLINE_EXCEEDED, CANCELLED.
   */
  async infer(inference: Inference): Promise<InferenceResult> {
    const startedAt = performance.now();
    const expiresAt = startedAt + inference.deadlineMs;
    assertNotCancelled(inference);
    const connection =
      this.choose(inference.digest) ?? (await this.waitFor(inference, expiresAt, this.isExecutorExpected()));
    try {
      return await this.run(connection, inference, startedAt, expiresAt);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
    }
    const other = this.choose(inference.digest) ?? (await this.waitFor(inference, expiresAt, true));
    try {
      return await this.run(other, inference, startedAt, expiresAt);
    } catch (error) {
      if (!(error instanceof ConnectionLost)) throw error;
      const message = 'Two executors ended while they worked on this request. Check the model, or try again.';
      throw new CodedError('EXECUTOR_LOST', message, { retryAfterMs: RETRY_HINT_MS, cause: error });
    }
  }

  /** Closes all connections; what is in flight fails. */
  close(): void {
    this.isClosed = true;
    this.stopWatching();
    clearTimeout(this.reconnectTimer);
    for (const connection of this.connections.values()) connection.destroy();
    this.connections.clear();
    this.usable = [];
    this.notify();
  }

  private choose(digest: string): ExecutorConnection | undefined {
    this.turn = (this.turn + 1) & 0xffff;
    const chosen = chooseExecutor(this.usable, digest, this.turn);
    if (chosen === undefined) this.refuseQuarantined(digest);
    return chosen;
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
    const { batchable, maxBatchRows } = descriptor;
    const answer = await connection.infer({ digest, batchable, maxBatchRows, deadlineMs, outputs, tensors }, signal);
    return toResult(answer, connection.id, performance.now() - startedAt);
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
      const chosen = this.isClosed ? undefined : this.choose(inference.digest);
      if (chosen !== undefined) return chosen;
      if (now >= expiresAt) throw deadlineExceeded();
      if (now >= giveUpAt || this.isClosed) throw unavailable();
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
    const gone = new Map(this.connections);
    for (const host of this.view.hosts()) {
      for (const executor of host.executors) {
        if (executor.state !== 'READY') continue;
        gone.delete(executor.id);
        this.connectionTo(executor.id, executor.address).update(host, executor);
      }
    }
    for (const [id, connection] of gone) {
      this.connections.delete(id);
      connection.leave();
    }
    this.listUsable();
    this.notify();
  }

  private connectionTo(id: string, address: string): ExecutorConnection {
    const known = this.connections.get(id);
    if (known !== undefined) return known;
    const connection = new ExecutorConnection(id, address, (changed) => this.handleChange(changed));
    this.connections.set(id, connection);
    return connection;
  }

  private handleChange(connection: ExecutorConnection): void {
    this.listUsable();
    if (connection.isUsable) this.notify();
    // What asked to be left is left until the view agrees; what broke off is tried again in case it is still there.
    if (!connection.isClosed || this.isClosed) return;
    this.connections.delete(connection.id);
    this.reconnectTimer ??= setTimeout(() => {
      this.reconnectTimer = undefined;
      this.refresh();
    }, RECONNECT_MS);
  }

  private listUsable(): void {
    this.usable = [...this.connections.values()].filter((connection) => connection.isUsable);
  }
}

function toResult(answer: InferAnswer, executor: string, elapsedMs: number): InferenceResult {
  const { outputs, inferenceMs, batchRows } = answer;
  // The executor cannot see how long a request lay in the socket while it was busy, but the rest of the time tells.
  const queueMs = Math.max(answer.queueMs, elapsedMs - inferenceMs);
  return { outputs, inferenceMs, queueMs, batchRows, executor };
}

function assertNotCancelled({ signal }: Inference): void {
  if (signal?.aborted) throw new CodedError('CANCELLED', 'The caller cancelled the inference.');
}

function unavailable(): CodedError {
  const message = 'No executor is ready. They may be starting; see the executors query.';
  return new CodedError('EXECUTORS_UNAVAILABLE', message, { retryAfterMs: RETRY_HINT_MS });
}

import { CodedError } from '../../../common/errors/coded-error.js';
import type { WarmUpSample } from '../../registry/serving/serving-policy.js';
import type {
  ControlError,
  ExecutorStatus,
  ExecutorToHost,
  LoadFailure,
  ModelOrders,
  ServeSettings,
} from '../protocol/control.js';
import type { ExecutorState } from '../protocol/executor-state.js';
import type { LaunchOptions } from './launch.js';
import { advertisedAddress, type NetworkEndpoint } from './network-endpoint.js';
import type { ProcessEnd } from './process-end.rules.js';
import { WatchedProcess } from './watched-process.js';

/** Who and where an executor is. */
export interface ExecutorIdentity {
  readonly id: string;
  readonly hostId: string;
  readonly restarts: number;
}

/** What an executor asks of the pool around it. */
export interface ExecutorSurroundings {
  /** A model's file. Rejects with a CodedError where the executor shall not have it. */
  readonly fileOf: (digest: string) => Promise<{ readonly path: string; readonly warmUp: readonly WarmUpSample[] }>;
  readonly onStatus: () => void;
  /** Undefined where it listens on a Unix socket. */
  readonly endpoint?: NetworkEndpoint | undefined;
}

const starting: ExecutorStatus = {
  state: 'STARTING',
  port: null,
  effectiveDevice: 'cpu',
  deviceError: null,
  models: [],
  loading: [],
  failures: [],
  inFlight: 0,
  loads: 0,
  rssBytes: 0,
};

/** One executor process as its pool sees it, from its start to its end. */
export class PooledExecutor {
  readonly ended: Promise<ProcessEnd>;
  private readonly watched: WatchedProcess;
  private readonly startedAt = Date.now();
  private status: ExecutorStatus;
  private heartbeatAt: number | null = null;
  private running: string | undefined;
  private isDraining = false;
  private orders = '';
  private drainTimer: NodeJS.Timeout | undefined;

  constructor(
    private readonly identity: ExecutorIdentity,
    private readonly settings: ServeSettings,
    private readonly options: LaunchOptions,
    private readonly surroundings: ExecutorSurroundings,
  ) {
    this.status = { ...starting, effectiveDevice: settings.device };
    this.watched = new WatchedProcess(identity.id, settings, options, (message) => this.handle(message));
    this.ended = this.watched.ended;
    void this.ended.then(() => clearTimeout(this.drainTimer));
    this.sendKey();
  }

  get id(): string {
    return this.identity.id;
  }

  /** The model that was loaded or run last: to blame for a crash. */
  get runningDigest(): string | undefined {
    return this.running;
  }

  get isReady(): boolean {
    return this.status.state === 'READY' && !this.isDraining;
  }

  get loads(): number {
    return this.status.loads;
  }

  /** Says what is to be done with models, where that is news. */
  order(orders: ModelOrders): void {
    const text = JSON.stringify(orders);
    if (!this.isReady || text === this.orders) return;
    this.orders = text;
    this.watched.send({ type: 'orders', orders });
  }

  /** Asks for the work to be finished; what is not done after `timeoutMs` milliseconds is cut off. */
  drain(timeoutMs: number): void {
    this.isDraining = true;
    this.watched.send({ type: 'drain' });
    clearTimeout(this.drainTimer);
    this.drainTimer = setTimeout(() => this.watched.kill('stopped'), timeoutMs);
    this.surroundings.onStatus();
  }

  state(): ExecutorState {
    const { settings, startedAt, heartbeatAt } = this;
    const { port, ...status } = this.status;
    return {
      ...this.identity,
      ...status,
      state: this.isDraining ? 'DRAINING' : status.state,
      address: this.addressAt(port),
      device: settings.device,
      pid: this.watched.pid,
      startedAt,
      heartbeatAt,
    };
  }

  private addressAt(port: number | null): string {
    const { endpoint } = this.surroundings;
    return endpoint === undefined || port === null ? this.settings.address : advertisedAddress(endpoint, port);
  }

  private sendKey(): void {
    const { endpoint } = this.surroundings;
    if (endpoint === undefined) return;
    const { identity, key } = endpoint.keyOf(this.id);
    this.watched.send({ type: 'key', identity, key: key.toString('base64') });
  }

  private handle(message: ExecutorToHost): void {
    this.heartbeatAt = Date.now();
    if (message.type === 'running') this.running = message.digest;
    if (message.type === 'need') void this.provide(message.digest);
    if (message.type === 'status') {
      const hasChanged = !isSame(this.status, message.status);
      this.status = message.status;
      if (hasChanged) this.surroundings.onStatus();
    }
  }

  private async provide(digest: string): Promise<void> {
    try {
      const { path, warmUp } = await this.surroundings.fileOf(digest);
      this.watched.send({ type: 'model', digest, path, warmUp });
    } catch (error) {
      this.watched.send({ type: 'modelUnavailable', digest, error: this.controlError(digest, error) });
    }
  }

  private controlError(digest: string, error: unknown): ControlError {
    if (error instanceof CodedError) {
      return { code: error.code, message: error.message, retryAfterMs: error.retryAfterMs };
    }
    this.options.log('error', 'A model file cannot be provided', { executor: this.id, digest, error });
    return { code: 'MODEL_LOAD_FAILED', message: 'The model file cannot be provided.' };
  }
}

/** Whether nothing that clients choose by has changed; heartbeats alone are published once a second. */
function isSame(left: ExecutorStatus, right: ExecutorStatus): boolean {
  return (
    left.state === right.state &&
    left.models.map(digestOf).join() === right.models.map(digestOf).join() &&
    left.loading.join() === right.loading.join() &&
    left.failures.map(attemptOf).join() === right.failures.map(attemptOf).join()
  );
}

function attemptOf({ digest, attempt }: LoadFailure): string {
  return `${digest} ${attempt}`;
}

function digestOf(model: { readonly digest: string }): string {
  return model.digest;
}

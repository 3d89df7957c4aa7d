import { CodedError } from '../../../common/errors/coded-error.js';
import type { ControlError, ExecutorStatus, ExecutorToHost, ServeSettings } from '../protocol/control.js';
import type { ExecutorState } from '../protocol/executor-state.js';
import type { LaunchOptions } from './launch.js';
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
  /** Path of a model's file. Rejects with a CodedError where the executor shall not have it. */
  readonly pathOf: (digest: string) => Promise<string>;
  readonly onStatus: () => void;
}

const starting: ExecutorStatus = {
  state: 'STARTING',
  effectiveDevice: 'cpu',
  deviceError: null,
  models: [],
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

  /** Asks for the work to be finished; what is not done after `timeoutMs` milliseconds is cut off. */
  drain(timeoutMs: number): void {
    this.isDraining = true;
    this.watched.send({ type: 'drain' });
    clearTimeout(this.drainTimer);
    this.drainTimer = setTimeout(() => this.watched.kill('stopped'), timeoutMs);
    this.surroundings.onStatus();
  }

  state(): ExecutorState {
    const { settings, status, startedAt, heartbeatAt } = this;
    return {
      ...this.identity,
      ...status,
      state: this.isDraining ? 'DRAINING' : status.state,
      address: settings.address,
      device: settings.device,
      pid: this.watched.pid,
      startedAt,
      heartbeatAt,
    };
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
      const path = await this.surroundings.pathOf(digest);
      this.watched.send({ type: 'model', digest, path });
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
  return left.state === right.state && left.models.map(digestOf).join() === right.models.map(digestOf).join();
}

function digestOf(model: { readonly digest: string }): string {
  return model.digest;
}

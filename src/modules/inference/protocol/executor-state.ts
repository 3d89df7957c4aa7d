import { CodedError } from '../../../common/errors/coded-error.js';
import type { ExecutorPhase, HeldModel, LoadFailure } from './control.js';

/** BACKOFF: the process has ended and the next one is not started yet. */
export type ExecutorLifecycle = ExecutorPhase | 'BACKOFF';

/** What is publicly known of one executor. Times are milliseconds since 1970. */
export interface ExecutorState {
  /**
   * Unique among all executors, also over time: `<slot>.<generation>`, where a replacement is of the next generation.
   */
  readonly id: string;
  readonly hostId: string;
  /** See `parseAddress`. */
  readonly address: string;
  /** The device that was asked for: `cpu` or `cuda:N`. */
  readonly device: string;
  /** The device that is used. */
  readonly effectiveDevice: string;
  /** Why it is another one than was asked for. */
  readonly deviceError: string | null;
  readonly state: ExecutorLifecycle;
  readonly pid: number | null;
  readonly models: readonly HeldModel[];
  /** Digests of models that are being loaded. */
  readonly loading: readonly string[];
  /** Models that it was to keep loaded and cannot. */
  readonly failures: readonly LoadFailure[];
  /** Requests taken and not answered, as of the last heartbeat. */
  readonly inFlight: number;
  /** Models loaded since the process started. */
  readonly loads: number;
  /** How often processes in this place have ended unasked. */
  readonly restarts: number;
  readonly rssBytes: number;
  readonly startedAt: number;
  readonly heartbeatAt: number | null;
}

/** A model that is not run on a host for a while, since executors crashed or hung with it. */
export interface QuarantinedModel {
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** What a machine has to give to executors. */
export interface MachineSize {
  readonly cores: number;
  readonly memoryBytes: number;
}

/** How an executor ended, asked to or not: requests that were lost with it are told by whose fault. */
export interface ExecutorEnding {
  /** Id of the executor. */
  readonly executor: string;
  /** The model that it ended by; null where no model is to blame. */
  readonly digest: string | null;
}

/** All executors of one worker. */
export interface ExecutorHostState {
  readonly hostId: string;
  /** Name of the pool that they belong to, of which other workers may host others. */
  readonly pool: string;
  readonly machine: MachineSize;
  /** Executors that the machine has room for. */
  readonly room: number;
  readonly executors: readonly ExecutorState[];
  readonly quarantined: readonly QuarantinedModel[];
  /** The newest ones. */
  readonly endings: readonly ExecutorEnding[];
}

/** The refusal of a model whose quarantine ends in `remainingMs` milliseconds. */
export function quarantinedError(remainingMs: number): CodedError {
  const message = 'The model crashed or hung executors several times and is not run for a while. Check the model.';
  return new CodedError('MODEL_QUARANTINED', message, { retryAfterMs: Math.max(1, Math.ceil(remainingMs)) });
}

/** The refusal of a model that was unloaded. */
export function unloadedError(): CodedError {
  return new CodedError('MODEL_UNLOADED', 'The model was unloaded. Load it to have it served again.');
}

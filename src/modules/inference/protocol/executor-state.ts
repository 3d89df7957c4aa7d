import { CodedError } from '../../../common/errors/coded-error.js';
import type { ExecutorPhase, HeldModel } from './control.js';

/** BACKOFF: the process has ended and the next one is not started yet. */
export type ExecutorLifecycle = ExecutorPhase | 'BACKOFF';

/** What is publicly known of one executor. Times are milliseconds since 1970. */
export interface ExecutorState {
  /** Unique among all executors, also over time: a replacement has another id. */
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

/** All executors of one worker. */
export interface ExecutorHostState {
  readonly hostId: string;
  /** Name of the pool that they belong to, of which other workers may host others. */
  readonly pool: string;
  readonly executors: readonly ExecutorState[];
  readonly quarantined: readonly QuarantinedModel[];
}

/** The refusal of a model whose quarantine ends in `remainingMs` milliseconds. */
export function quarantinedError(remainingMs: number): CodedError {
  const message = 'The model crashed or hung executors several times and is not run for a while. Check the model.';
  return new CodedError('MODEL_QUARANTINED', message, { retryAfterMs: Math.max(1, Math.ceil(remainingMs)) });
}

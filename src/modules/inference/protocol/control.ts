import type { ErrorCode } from '../../../common/errors/error-table.js';
import type { Datatype } from '../../../common/tensor/datatypes.js';
import type { WarmUpSample } from '../../registry/serving/serving-policy.js';

/** Messages on the IPC channel between an executor and the process that hosts it. */

export interface HeldModel {
  readonly digest: string;
  /** Size of the model file. */
  readonly bytes: number;
}

/** A model that an executor was to keep loaded and does not hold. */
export interface LoadFailure {
  readonly digest: string;
  /** Tells attempts of one executor apart; goes up. */
  readonly attempt: number;
  readonly error: ControlError;
}

/** A model that an executor is to keep loaded. */
export interface ResidentModel extends HeldModel {
  /** Another one than before: what failed is tried again at once. */
  readonly revision: number;
}

/** What an executor is to do with models of which something was said; all others are loaded when they are asked for. */
export interface ModelOrders {
  readonly residents: readonly ResidentModel[];
  /** Digests of models that are let go of as soon as what was taken is answered, and refused. */
  readonly refused: readonly string[];
}

export type ExecutorPhase = 'STARTING' | 'READY' | 'DRAINING';

/** What an executor says of itself, at each change and as its heartbeat. */
export interface ExecutorStatus {
  readonly state: ExecutorPhase;
  /** Where it listens on the network; null before it does, and for a Unix socket. */
  readonly port: number | null;
  readonly effectiveDevice: string;
  readonly deviceError: string | null;
  readonly models: readonly HeldModel[];
  /** Digests of models that are being loaded. */
  readonly loading: readonly string[];
  /** Models that it was to keep loaded and cannot. */
  readonly failures: readonly LoadFailure[];
  /** Requests that were taken and not answered yet. */
  readonly inFlight: number;
  /** Models loaded since the process started. */
  readonly loads: number;
  readonly rssBytes: number;
}

/** One input or output of a model. */
export interface TensorSignature {
  readonly name: string;
  readonly datatype: Datatype;
  /** -1 for a dimension that varies. */
  readonly shape: readonly number[];
}

/** What `inspectModel` finds out about a model file. */
export interface ModelInspection {
  readonly inputs: readonly TensorSignature[];
  readonly outputs: readonly TensorSignature[];
  /** Whether rows of several callers may be joined along the first dimension. */
  readonly batchable: boolean;
}

export interface ControlError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number | undefined;
}

export type ExecutorToHost =
  | { readonly type: 'status'; readonly status: ExecutorStatus }
  /** Sent before a load or run of another model than the last: who is to blame when no more is heard. */
  | { readonly type: 'running'; readonly digest: string }
  /** The executor does not hold this model and asks for the path of its file. */
  | { readonly type: 'need'; readonly digest: string }
  | { readonly type: 'inspected'; readonly inspection: ModelInspection }
  | { readonly type: 'inspectionFailed'; readonly error: ControlError };

export type HostToExecutor =
  /** What the clients of an executor on the network must know: 32 bytes as base64. Never in an argument or variable. */
  | { readonly type: 'key'; readonly identity: string; readonly key: string }
  | {
      readonly type: 'model';
      readonly digest: string;
      readonly path: string;
      readonly warmUp: readonly WarmUpSample[];
    }
  | { readonly type: 'modelUnavailable'; readonly digest: string; readonly error: ControlError }
  /** Takes the place of all orders before. */
  | { readonly type: 'orders'; readonly orders: ModelOrders }
  /** Finish what was taken, take no more, end. */
  | { readonly type: 'drain' };

interface SessionSettings {
  /** `cpu` or `cuda:N`. */
  readonly device: string;
  /** Threads of one run (intra-op). */
  readonly threads: number;
  /** A folder that holds nothing: the only place where a model may look for external data. */
  readonly emptyFolder: string;
}

export interface ServeSettings extends SessionSettings {
  readonly mode: 'serve';
  /** Where to listen, see `parseAddress`. */
  readonly address: string;
  /** Bytes of model files that are kept loaded. */
  readonly cacheBytes: number;
  /** Time that one batch may take, in milliseconds. */
  readonly batchMs: number;
  readonly maxBatchRows: number;
  /** Time between two heartbeats, in milliseconds. */
  readonly heartbeatMs: number;
}

export interface InspectSettings extends SessionSettings {
  readonly mode: 'inspect';
  readonly path: string;
  readonly digest: string;
}

/** How an executor process is told what to do: the one argument of its command line, as JSON. */
export type ExecutorSettings = ServeSettings | InspectSettings;

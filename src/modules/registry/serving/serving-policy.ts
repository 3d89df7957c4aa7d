import type { Datatype } from '../../../common/tensor/datatypes.js';

export const residencies = ['ON_DEMAND', 'LOADED', 'UNLOADED'] as const;

/** Whether executors are to have a version loaded: when it is asked for, always, or never. */
export type Residency = (typeof residencies)[number];

export const deviceKinds = ['CPU', 'CUDA'] as const;

export type DeviceKind = (typeof deviceKinds)[number];

/** Which executors may run a version. */
export interface PlacementPolicy {
  /** So many executors keep it loaded while it is LOADED. */
  readonly minInstances?: number;
  /** No more executors than these run it. */
  readonly maxInstances?: number;
  readonly device?: DeviceKind;
  /** Whether it is refused rather than run on another device. */
  readonly isDeviceRequired?: boolean;
}

/** How a version is served; what is absent is as for all models. Times are milliseconds. */
export interface ServingPolicy extends PlacementPolicy {
  /** Most rows of one batch. */
  readonly maxBatchRows?: number;
  /** How long a batch that is not full may wait for more. */
  readonly batchDelayMs?: number;
  /** Requests have a priority from 1, the highest, to this. */
  readonly priorityLevels?: number;
  /** Of requests that name none. */
  readonly defaultPriority?: number;
  /** Most predictions at a time in one api process. */
  readonly queueLimit?: number;
  readonly defaultTimeoutMs?: number;
  /** Longer deadlines are shortened to it. */
  readonly maxTimeoutMs?: number;
  /** Bytes of answers that are remembered. */
  readonly cacheBytes?: number;
  /** How long an answer is remembered. */
  readonly cacheTtlMs?: number;
}

export const warmUpKinds = ['ZEROS', 'RANDOM', 'DATA'] as const;

export type WarmUpKind = (typeof warmUpKinds)[number];

/** A tensor as it is kept: its elements are base64 of their bytes. */
export interface StoredTensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly base64: string;
}

/** What an executor runs before a version that was loaded counts as ready. */
export interface WarmUpSample {
  readonly name: string;
  readonly kind: WarmUpKind;
  /** Rows, for the inputs whose first dimension varies. */
  readonly rows: number;
  /** Only of DATA. */
  readonly tensors?: readonly StoredTensor[];
}

/** What was said of how a version is to be served. */
export interface Serving {
  readonly residency: Residency;
  readonly policy: ServingPolicy;
  /** Goes up with every change. */
  readonly revision: number;
}

export const defaultServing: Serving = { residency: 'ON_DEMAND', policy: {}, revision: 0 };

import type { InferenceJobEntity } from './entities/inference-job.entity.js';

/** A job without its tensors. */
export type InferenceJobRecord = Omit<InferenceJobEntity, 'payload' | 'result'>;

/** What is known of a job when it is submitted. */
export type NewInferenceJob = Pick<
  InferenceJobEntity,
  | 'id'
  | 'workspaceId'
  | 'modelVersionId'
  | 'model'
  | 'version'
  | 'digest'
  | 'priority'
  | 'maxAttempts'
  | 'timeoutMs'
  | 'requestId'
  | 'encoding'
  | 'withRecords'
  | 'rows'
  | 'idempotencyKey'
  | 'payloadHash'
> & { readonly payload: Buffer };

/** One turn of a job in the queue. */
export interface Delivery {
  readonly id: string;
  readonly generation: number;
}

/** A turn that is to be queued. */
export interface QueuedDelivery extends Delivery {
  readonly priority: number;
  /** Milliseconds from now. */
  readonly delayMs: number;
}

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
  | 'deployment'
  | 'variant'
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
  | 'pack'
> & { readonly payload: Buffer };

import type { Digest } from '../../common/storage/digest.js';
import type { ModelSignature } from './tensor-spec.js';

export interface ModelInspection extends ModelSignature {
  /** Whether rows of several callers may be joined along the first dimension. */
  readonly batchable: boolean;
}

/**
 * Port: loads a model once, isolated from this process, to see whether it can be served and what its signature is.
 * The composition root binds it to the part that runs executors.
 */
export abstract class ModelInspector {
  /**
   * @param path a file with the verified bytes of `digest`; it stays in place until the promise settles.
   * @throws {CodedError} MODEL_LOAD_FAILED, MODEL_UNSUPPORTED, or one that says that executors are not available.
   */
  abstract inspect(path: string, digest: Digest): Promise<ModelInspection>;
}

import type { WarmUpSample } from '../../registry/serving/serving-policy.js';

/** Where the pool gets model files from. */
export abstract class ModelFiles {
  /**
   * The path of a model's file on this machine, fetched when it is not there yet.
   * @throws {CodedError} where it cannot be had.
   */
  abstract pathOf(digest: string): Promise<string>;

  /**
   * What the model is run on before it counts as loaded.
   * @throws {CodedError} MODEL_UNLOADED where it is not to be loaded.
   */
  abstract warmUpOf(digest: string): Promise<readonly WarmUpSample[]>;
}

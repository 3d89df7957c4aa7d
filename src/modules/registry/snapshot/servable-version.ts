import type { Digest } from '../../../common/storage/digest.js';
import type { ModelMetadata } from '../model-metadata.js';
import type { FeatureBinding } from '../serving/feature-binding.js';
import type { Serving } from '../serving/serving-policy.js';
import type { ModelSignature } from '../tensor-spec.js';

/** Everything that serving needs to know of a model version. */
export interface ServableVersion {
  readonly modelId: string;
  /** Name of the registered model. */
  readonly model: string;
  readonly version: number;
  readonly versionId: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly signature: ModelSignature;
  readonly batchable: boolean;
  readonly metadata: ModelMetadata;
  /** Null where nothing was said of it. */
  readonly serving: Serving | null;
  /** Null where it is not bound to a feature service. */
  readonly featureBinding: FeatureBinding | null;
}

/** Which version of a model a caller wants. The version counts before the alias; with neither the default is meant. */
export interface ModelReference {
  readonly model: string;
  readonly version?: number | null | undefined;
  readonly alias?: string | null | undefined;
}

import type { Digest } from '../../../common/storage/digest.js';
import type { PlacementPolicy, Residency, ServingPolicy, WarmUpSample } from './serving-policy.js';

/** What a change says; what is absent stays as it is, or gets its default where nothing was said before. */
export interface ServingChange {
  readonly residency?: Residency;
  readonly policy?: ServingPolicy;
  readonly warmUp?: readonly WarmUpSample[];
}

/** What is wanted of a model file for one of the versions that hold it. */
export interface ServedFile {
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly residency: Residency;
  readonly placement: PlacementPolicy;
  readonly warmUp: readonly WarmUpSample[];
  readonly revision: number;
}

import type { ModelMetadata } from '../../registry/model-metadata.js';
import type { ModelSignature } from '../../registry/tensor-spec.js';

/** What the rules of a prediction need to know of a model: what goes in, what comes out, and what it means. */
export interface ModelContract {
  readonly signature: ModelSignature;
  readonly metadata: ModelMetadata;
}

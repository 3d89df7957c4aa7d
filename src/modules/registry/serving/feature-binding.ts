/** What a value that is missing means for a prediction: it fails, or the feature's default is taken. */
export const missingFeaturePolicies = ['ERROR', 'DEFAULT'] as const;

export type MissingFeaturePolicy = (typeof missingFeaturePolicies)[number];

/** A default as JSON holds it: integers beyond 2^53 are decimal strings. */
export type DefaultValue = string | number | boolean;

/** One input of a model and what fills it. */
export interface BoundTensor {
  /** Name of the input. */
  readonly tensor: string;
  /** Names of features as the service calls them: one for each column, in order. */
  readonly features: readonly string[];
}

/** Where a model version gets its inputs from when it is asked by entity. */
export interface FeatureBinding {
  /** UUID of the version of the feature service. */
  readonly serviceVersionId: string;
  /** Name of the service. */
  readonly service: string;
  readonly serviceVersion: number;
  /** One for each input of the model, in the signature's order. */
  readonly tensors: readonly BoundTensor[];
  readonly missing: MissingFeaturePolicy;
  /** By feature; only where `missing` is `DEFAULT`. */
  readonly defaults: Readonly<Record<string, DefaultValue>>;
}

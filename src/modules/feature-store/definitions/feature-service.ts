/** One feature of a service: where it comes from, and what it is called there. */
export interface ServiceFeature {
  /** UUID of the version of the view. */
  readonly viewVersionId: string;
  readonly view: string;
  /** Of the view; from 1. */
  readonly viewVersion: number;
  readonly feature: string;
  /** Name in the service, unique there. */
  readonly as: string;
}

/** A version of a feature service: a named set of features in their order, for a model. It never changes. */
export interface FeatureServiceVersion {
  /** A UUID of this version. */
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  /** From 1. */
  readonly version: number;
  readonly description: string;
  readonly features: readonly ServiceFeature[];
}

export const environments = ['STAGING', 'PRODUCTION'] as const;

/** What a deployment is for. */
export type Environment = (typeof environments)[number];

export const variantRoles = ['CHAMPION', 'CHALLENGER', 'SHADOW'] as const;

/** CHAMPION is what is trusted, CHALLENGER takes a share of the traffic, SHADOW gets copies and answers nobody. */
export type VariantRole = (typeof variantRoles)[number];

/** Name of the variant that a canary adds; no other variant may have it. */
export const CANARY_NAME = 'canary';

/** One model version of a deployment. */
export interface Variant {
  /** Unique in its deployment. */
  readonly name: string;
  readonly role: VariantRole;
  /** Name of the registered model. */
  readonly model: string;
  readonly version: number;
  /** Part of the traffic, relative to the sum of all weights; 0 for a shadow. */
  readonly weight: number;
}

/** Which predictions of a deployment are logged, and how much of them. */
export interface LoggingPolicy {
  /** Part of the predictions that are logged, from 0 to 1. */
  readonly sampleRate: number;
  /** Whether their inputs and outputs are kept. */
  readonly keepPayloads: boolean;
}

/** What a deployment is made of at one time; each change makes another one. */
export interface DeploymentPlan {
  readonly variants: readonly Variant[];
  readonly logging: LoggingPolicy;
}

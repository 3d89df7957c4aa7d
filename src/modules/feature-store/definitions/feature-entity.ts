import type { TypedColumn } from '../value-types.js';

/** What rows tell of, such as a customer, and the columns by which one is known. Its keys never change. */
export interface FeatureEntity {
  readonly id: string;
  readonly workspaceId: string;
  readonly name: string;
  readonly description: string;
  /** None of `FLOAT64` or `JSON`, which have no one way of writing. */
  readonly joinKeys: readonly TypedColumn[];
}

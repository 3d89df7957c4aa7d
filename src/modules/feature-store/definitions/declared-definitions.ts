import type { TypedColumn, ValueType } from '../value-types.js';

/** A feature entity as a user declares it. */
export interface DeclaredFeatureEntity {
  readonly name: string;
  readonly description: string;
  readonly joinKeys: readonly TypedColumn[];
}

/** A view, and which version of it; null for the newest. */
export interface DeclaredView {
  readonly view: string;
  readonly version: number | null;
}

export interface DeclaredFeatures extends DeclaredView {
  readonly features: readonly string[];
}

export type DeclaredViewSource =
  | { readonly kind: 'DATA_SOURCE'; readonly name: string }
  | ({ readonly kind: 'FEATURE_VIEW' } & DeclaredView)
  | {
      readonly kind: 'REQUEST';
      readonly fields: readonly TypedColumn[];
      readonly features: readonly DeclaredFeatures[];
    };

export interface DeclaredFeature {
  readonly name: string;
  /** Null: as it is derived. */
  readonly type: ValueType | null;
  readonly description: string;
}

/** A feature view as a user declares it: by names, with what may be left out as null. */
export interface DeclaredFeatureView {
  readonly name: string;
  readonly description: string;
  readonly source: DeclaredViewSource;
  readonly entities: readonly string[];
  /** Null: that of the source. */
  readonly eventTimeColumn: string | null;
  /** Null: that of the upstream view, or none. */
  readonly createdTimeColumn: string | null;
  /** Null or 0: any age. */
  readonly ttlSeconds: number | null;
  readonly features: readonly DeclaredFeature[];
  /** JSON, still to be read. */
  readonly transformation: unknown;
  /** Null: true, but for an on-demand view. */
  readonly isOnline: boolean | null;
}

export interface DeclaredServiceFeature extends DeclaredView {
  /** Null: all features of the view. */
  readonly feature: string | null;
  /** Null: as in the view. */
  readonly as: string | null;
}

/** A feature service as a user declares it. */
export interface DeclaredFeatureService {
  readonly name: string;
  readonly description: string;
  readonly features: readonly DeclaredServiceFeature[];
}

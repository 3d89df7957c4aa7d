import type { TransformationDeclaration } from '../transformations/transformation-declaration.js';
import type { TransformationState } from '../transformations/transformation-pipeline.js';
import type { TypedColumn } from '../value-types.js';

/** A feature of a view: the column of the (transformed) rows that is called like it. */
export interface Feature extends TypedColumn {
  readonly description: string;
}

/** A feature of a version of a view, as services and on-demand views name it. */
export interface FeatureReference {
  /** UUID of the version: a view that is deleted leaves its name to another one. */
  readonly versionId: string;
  /** Name of the view. */
  readonly view: string;
  /** Of the view; from 1. */
  readonly version: number;
  /** Names of its features. */
  readonly features: readonly string[];
}

/**
 * Where the rows of a view come from.
 *
 * - `DATA_SOURCE`: the rows of a data source, as its snapshots have them.
 * - `FEATURE_VIEW`: the transformed rows of another version: its keys, times and features.
 * - `REQUEST`: an on-demand view: fields that come with a request, and features of other versions that are looked up first.
 *   It has neither keys nor times, is not materialized, and its transformation works on one row.
 */
export type FeatureViewSource =
  | { readonly kind: 'DATA_SOURCE'; readonly sourceId: string; readonly name: string }
  | { readonly kind: 'FEATURE_VIEW'; readonly versionId: string; readonly name: string; readonly version: number }
  | {
      readonly kind: 'REQUEST';
      readonly fields: readonly TypedColumn[];
      readonly features: readonly FeatureReference[];
    };

/** What a version of a feature view says. It never changes: a change makes a new version. */
export interface FeatureViewDefinition {
  readonly description: string;
  readonly source: FeatureViewSource;
  /** Names of the entities that the rows tell of, in the order of their keys; none for an on-demand view. */
  readonly entities: readonly string[];
  /** The join keys of all its entities, in their order. Columns of the source, none `FLOAT64` or `JSON`. */
  readonly keys: readonly TypedColumn[];
  /** The columns of the source that the view reads, before any transformation: keys and times among them. */
  readonly columns: readonly TypedColumn[];
  /** Column with the event time; null for an on-demand view. */
  readonly eventTime: string | null;
  /** Column that tells when a row was known, where there is one. */
  readonly createdTime: string | null;
  /** How old a value may be, in milliseconds and inclusive; null for any age. */
  readonly ttlMs: number | null;
  readonly features: readonly Feature[];
  /** Adds columns to the rows; null where the features are columns of the source. */
  readonly transformation: TransformationDeclaration | null;
  /** Whether its rows are for the online store. */
  readonly isOnline: boolean;
}

/** The data that something was made of. */
export interface SnapshotReference {
  readonly sourceId: string;
  /** Of the source's snapshots; from 1. */
  readonly version: number;
}

/** A version of a feature view, as all that use it see it. */
export interface FeatureViewVersion extends FeatureViewDefinition {
  /** A UUID of this version; rows in the online store belong to it. */
  readonly id: string;
  readonly workspaceId: string;
  /** Name of the view. */
  readonly name: string;
  /** From 1. */
  readonly version: number;
  /**
   * What the transformation learned, from then on the same offline and online; null where there is no transformation, or
   * where it has not learned yet.
   */
  readonly state: TransformationState | null;
  /** What the state was learned from; null where there is none. */
  readonly learnedFrom: SnapshotReference | null;
}

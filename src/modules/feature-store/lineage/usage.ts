import type { SnapshotReference } from '../definitions/feature-view.js';

/** Kinds of things that are made of data. */
export type UsageKind = 'HISTORICAL_FEATURES';

/** What is made of snapshots and of feature views. */
export interface DataUser {
  readonly kind: UsageKind;
  readonly id: string;
}

export interface Usage {
  readonly snapshots: readonly SnapshotReference[];
  /** Ids of versions of feature views. */
  readonly views: readonly string[];
}

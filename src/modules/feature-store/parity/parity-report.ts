import type { SnapshotReference } from '../definitions/feature-view.js';
import type { ParityCount } from './parity.rules.js';

/** What was found when samples of a view were compared. */
export interface ParityReport extends ParityCount {
  /** The version of the view that was materialized last. */
  readonly version: number;
  /** The materialization whose rows were looked for. */
  readonly materializationId: string;
  /** The snapshots that it read, the oldest first. */
  readonly snapshots: readonly SnapshotReference[];
}

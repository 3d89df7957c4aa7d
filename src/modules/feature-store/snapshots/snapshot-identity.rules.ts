import type { DataSchema } from '../sources/data-source.js';

/** What a version is told by. */
export interface SnapshotContent {
  readonly contentDigest: string;
  readonly isIncrement: boolean;
}

/**
 * Whether a batch says what the newest version says already, so that it makes no new one. Rows that add to others are only
 * known to be the same rows where something tells rows apart: else a second batch may well have equal rows, such as two
 * equal readings of a sensor.
 */
export function isSaidAlready(
  newest: SnapshotContent | null,
  batch: SnapshotContent,
  { keyColumns, hasUniqueRows }: DataSchema,
): boolean {
  if (newest?.contentDigest !== batch.contentDigest) return false;
  return batch.isIncrement ? keyColumns.length > 0 || hasUniqueRows : !newest.isIncrement;
}

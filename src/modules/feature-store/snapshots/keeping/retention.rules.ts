/** Which snapshots are kept: those that either says; all where neither says anything. */
export interface Retention {
  readonly keepVersions: number | null;
  readonly keepDays: number | null;
}

/** What is known of a snapshot when it is decided whether it is kept. */
export interface AgingSnapshot {
  readonly version: number;
  readonly parentVersion: number | null;
  readonly isIncrement: boolean;
  readonly createdAt: Date;
  /** Whether it has a name, or something was made of it. */
  readonly isNeeded: boolean;
}

const DAY_MS = 86_400_000;

/**
 * Versions that may be deleted. Never the newest, what is needed, and what a version that is kept adds to.
 * @param snapshots all of a source.
 */
export function expiredVersions(
  snapshots: readonly AgingSnapshot[],
  { keepVersions, keepDays }: Retention,
  now: number,
): number[] {
  if (keepVersions === null && keepDays === null) return [];
  const newestFirst = snapshots.toSorted((one, other) => other.version - one.version);
  const kept = new Set<number>();
  for (const [rank, { version, parentVersion, isIncrement, createdAt, isNeeded }] of newestFirst.entries()) {
    const isYoung = keepDays !== null && now - createdAt.getTime() <= keepDays * DAY_MS;
    const isRecent = rank === 0 || (keepVersions !== null && rank < keepVersions);
    if (isRecent || isYoung || isNeeded) kept.add(version);
    // A parent is older, and so comes later.
    if (kept.has(version) && isIncrement && parentVersion !== null) kept.add(parentVersion);
  }
  return newestFirst.filter(({ version }) => !kept.has(version)).map(({ version }) => version);
}

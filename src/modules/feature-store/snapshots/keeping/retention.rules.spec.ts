import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AgingSnapshot, expiredVersions } from './retention.rules.js';

const NOW = 1_000 * 86_400_000;

/** Versions in order, of which each may add to the one before or, once restored, to an older one. */
const anySnapshots: fc.Arbitrary<AgingSnapshot[]> = fc
  .array(fc.record({ isIncrement: fc.boolean(), back: fc.nat(3), days: fc.nat(40), isNeeded: fc.boolean() }), {
    minLength: 1,
    maxLength: 30,
  })
  .map((rows) =>
    rows.map(({ isIncrement, back, days, isNeeded }, at) => ({
      version: at + 1,
      parentVersion: at === 0 ? null : Math.max(1, at - back),
      isIncrement: isIncrement && at > 0,
      createdAt: new Date(NOW - days * 86_400_000),
      isNeeded,
    })),
  );
const anyLimit = fc.option(fc.integer({ min: 1, max: 35 }));

describe('expiredVersions', () => {
  it('keeps the newest, what is needed, what is asked for, and all that these add to; and nothing else', () => {
    fc.assert(
      fc.property(anySnapshots, anyLimit, anyLimit, (snapshots, keepVersions, keepDays) => {
        const expired = new Set(expiredVersions(snapshots, { keepVersions, keepDays }, NOW));
        const byVersion = new Map(snapshots.map((snapshot) => [snapshot.version, snapshot]));
        const wanted = snapshots.filter(
          ({ version, createdAt, isNeeded }) =>
            isNeeded ||
            version === snapshots.length ||
            (keepVersions === null && keepDays === null) ||
            (keepVersions !== null && version > snapshots.length - keepVersions) ||
            (keepDays !== null && NOW - createdAt.getTime() <= keepDays * 86_400_000),
        );
        const kept = new Set<number>();
        for (const snapshot of wanted) {
          for (let at: AgingSnapshot | undefined = snapshot; at !== undefined;) {
            kept.add(at.version);
            at = at.isIncrement ? byVersion.get(at.parentVersion ?? 0) : undefined;
          }
        }
        expect(snapshots.map(({ version }) => version).filter((version) => !expired.has(version))).toEqual(
          [...kept].sort((one, other) => one - other),
        );
      }),
    );
  });
});

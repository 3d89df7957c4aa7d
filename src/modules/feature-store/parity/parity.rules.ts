import type { OnlineRow } from '../online/online-store.js';
import type { FeatureValue, TypedColumn } from '../value-types.js';

/** How far numbers may be apart, of the greater of both; windows add them up in another order online. */
const RELATIVE = 1e-9;
/** How far they may be apart near zero, where sums cancel out. */
const ABSOLUTE = 1e-12;

const MICROSECONDS = 1_000;

/** What the offline path says of an entity. Times are milliseconds since the epoch. */
export interface OfflineRow {
  readonly eventTime: number;
  /** One for each feature, in their order. */
  readonly values: readonly FeatureValue[];
}

/** What can be different. */
export const parityDifferenceKinds = ['MISSING', 'OLDER', 'STATUS', 'VALUE'] as const;

export type ParityDifferenceKind = (typeof parityDifferenceKinds)[number];

/** What differs between the row of an entity offline and online; `feature` is null where all of the row does. */
export interface ParityDifference {
  readonly kind: ParityDifferenceKind;
  readonly feature: string | null;
}

/** `NEWER`: something was pushed, or materialized, that the offline row is before. */
export type ParityVerdict = 'EQUAL' | 'NEWER' | readonly ParityDifference[];

/**
 * Compares the newest row of an entity that was materialized with what is online.
 * @param now by which the online row was read, in milliseconds since the epoch.
 */
export function parityOf(
  features: readonly TypedColumn[],
  ttlMs: number | null,
  offline: OfflineRow,
  online: OnlineRow,
  now: number,
): ParityVerdict {
  const apart = online.eventTime === null ? null : micros(online.eventTime) - micros(offline.eventTime);
  if (apart !== null && apart > 0) return 'NEWER';
  const isStale = ttlMs !== null && offline.eventTime + ttlMs < now;
  // What went stale may be gone already.
  if (apart === null) return isStale ? 'EQUAL' : [{ kind: 'MISSING', feature: null }];
  if (apart < 0) return isStale ? 'EQUAL' : [{ kind: 'OLDER', feature: null }];
  const differences = features.flatMap(({ name, type }, at): ParityDifference[] => {
    const value = offline.values[at] ?? null;
    const expected = isStale ? 'OUTSIDE_MAX_AGE' : value === null ? 'NULL_VALUE' : 'PRESENT';
    if (online.statuses[at] !== expected) return [{ kind: 'STATUS', feature: name }];
    if (expected !== 'PRESENT' || isSame(value, online.values[at] ?? null, type)) return [];
    return [{ kind: 'VALUE', feature: name }];
  });
  return differences.length === 0 ? 'EQUAL' : differences;
}

function isSame(one: FeatureValue, other: FeatureValue, type: TypedColumn['type']): boolean {
  if (Object.is(one, other)) return true;
  if (type === 'TIMESTAMP') return micros(Number(one)) === micros(Number(other));
  if (type !== 'FLOAT64') return one === other;
  const [left, right] = [Number(one), Number(other)];
  if (!Number.isFinite(left) || !Number.isFinite(right)) return false;
  return Math.abs(left - right) <= RELATIVE * Math.max(Math.abs(left), Math.abs(right)) + ABSOLUTE;
}

const micros = (milliseconds: number): number => Math.round(milliseconds * MICROSECONDS);

/** What came of comparing samples. */
export interface ParityCount {
  readonly sampled: number;
  readonly equal: number;
  readonly newer: number;
  readonly different: number;
  /** In how many rows each difference was. */
  readonly differences: readonly (ParityDifference & { readonly rows: number })[];
}

export function parityCount(verdicts: readonly ParityVerdict[]): ParityCount {
  const counts = new Map<string, ParityDifference & { rows: number }>();
  for (const verdict of verdicts) {
    for (const difference of typeof verdict === 'string' ? [] : verdict) {
      const key = JSON.stringify(difference);
      const counted = counts.get(key) ?? { ...difference, rows: 0 };
      counted.rows += 1;
      counts.set(key, counted);
    }
  }
  const equal = verdicts.filter((verdict) => verdict === 'EQUAL').length;
  const newer = verdicts.filter((verdict) => verdict === 'NEWER').length;
  return {
    sampled: verdicts.length,
    equal,
    newer,
    different: verdicts.length - equal - newer,
    differences: [...counts.values()],
  };
}

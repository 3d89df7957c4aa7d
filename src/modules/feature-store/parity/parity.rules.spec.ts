import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OnlineRow, OnlineStatus } from '../online/online-store.js';
import type { FeatureValue, TypedColumn, ValueType } from '../value-types.js';
import { type OfflineRow, parityCount, parityOf, type ParityVerdict } from './parity.rules.js';

const NOW = 1_800_000_000_000;
const feature: TypedColumn = { name: 'a', type: 'FLOAT64' };
const offline = (value: FeatureValue, eventTime = NOW - 1_000): OfflineRow => ({ eventTime, values: [value] });
const online = (
  value: FeatureValue,
  status: OnlineStatus = 'PRESENT',
  eventTime: number | null = NOW - 1_000,
): OnlineRow => ({
  eventTime,
  values: [value],
  statuses: [status],
});
const compared = (one: OfflineRow, other: OnlineRow, ttlMs: number | null = null, type: ValueType = 'FLOAT64') =>
  parityOf([{ ...feature, type }], ttlMs, one, other, NOW);
const differs = (kind: string, name: string | null): unknown => [{ kind, feature: name }];

describe('parity of a row', () => {
  it('is there where values are the same, and numbers to a billionth', () => {
    fc.assert(
      fc.property(fc.double({ noDefaultInfinity: false }), (value) => {
        expect(compared(offline(value), online(value))).toBe('EQUAL');
      }),
    );
    expect(compared(offline(1e9), online(1e9 + 0.5))).toBe('EQUAL');
    expect(compared(offline(1e9), online(1e9 + 2))).toEqual(differs('VALUE', 'a'));
    expect(compared(offline(0), online(1e-13))).toBe('EQUAL');
    expect(compared(offline(1), online(Number.NaN))).toEqual(differs('VALUE', 'a'));
    expect(compared(offline(Infinity), online(1))).toEqual(differs('VALUE', 'a'));
  });

  it.each<[ValueType, FeatureValue, FeatureValue, boolean]>([
    ['INT64', 10_000_000_000_000_001n, 10_000_000_000_000_002n, false],
    ['INT64', 7, 7, true],
    ['STRING', 'x', 'X', false],
    ['TIMESTAMP', NOW + 0.001, NOW + 0.0010001, true],
    ['TIMESTAMP', NOW, NOW + 0.001, false],
  ])('of %s compares %s and %s exactly', (type, one, other, isEqual) => {
    expect(compared(offline(one), online(other), null, type)).toEqual(isEqual ? 'EQUAL' : differs('VALUE', 'a'));
  });

  it('goes by status for what is null or stale', () => {
    expect(compared(offline(null), online(null, 'NULL_VALUE'))).toBe('EQUAL');
    expect(compared(offline(null), online(0))).toEqual(differs('STATUS', 'a'));
    expect(compared(offline(1), online(null, 'OUTSIDE_MAX_AGE'), 999)).toBe('EQUAL');
    expect(compared(offline(1), online(1), 999)).toEqual(differs('STATUS', 'a'));
    expect(compared(offline(1), online(1), 1_000)).toBe('EQUAL');
    expect(compared(offline(1), online(null, 'NOT_FOUND', null), 999)).toBe('EQUAL');
    expect(compared(offline(1), online(null, 'NOT_FOUND', null), 1_000)).toEqual(differs('MISSING', null));
  });

  it('passes over what is newer online, and not over what is older', () => {
    expect(compared(offline(1), online(2, 'PRESENT', NOW))).toBe('NEWER');
    expect(compared(offline(1), online(1, 'PRESENT', NOW - 2_000))).toEqual(differs('OLDER', null));
    expect(compared(offline(1), online(1, 'OUTSIDE_MAX_AGE', NOW - 2_000), 999)).toBe('EQUAL');
  });

  it('is counted by what is different', () => {
    const value: ParityVerdict = [{ kind: 'VALUE', feature: 'a' }];
    const both: ParityVerdict = [...value, { kind: 'STATUS', feature: 'b' }];
    expect(parityCount(['EQUAL', 'NEWER', value, both, 'EQUAL'])).toEqual({
      sampled: 5,
      equal: 2,
      newer: 1,
      different: 2,
      differences: [
        { kind: 'VALUE', feature: 'a', rows: 2 },
        { kind: 'STATUS', feature: 'b', rows: 1 },
      ],
    });
  });
});

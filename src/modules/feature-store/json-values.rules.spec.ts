import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromJson, momentText, toJson } from './json-values.rules.js';
import type { FeatureValue, ValueType } from './value-types.js';

const arbitraries: Readonly<Record<ValueType, fc.Arbitrary<FeatureValue>>> = {
  STRING: fc.string({ unit: 'binary' }).filter((text) => !/\p{Surrogate}/u.test(text)),
  INT64: fc
    .bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    .map((value) => (Number.isSafeInteger(Number(value)) ? Number(value) : value)),
  FLOAT64: fc.double().map((value) => value + 0),
  BOOLEAN: fc.boolean(),
  TIMESTAMP: fc.integer({ min: -60_000_000_000_000, max: 4_000_000_000_000_000 }).map((micros) => micros / 1_000),
  JSON: fc.json(),
};

describe.each(Object.keys(arbitraries) as ValueType[])('values of %s as JSON', (type) => {
  it('come back as they were, null too', () => {
    fc.assert(
      fc.property(fc.option(arbitraries[type]), (value) => {
        expect(fromJson(JSON.parse(JSON.stringify(toJson(value, type))), type)).toEqual(value);
      }),
    );
  });

  it('are told from what is not of the type', () => {
    const strangers: Readonly<Record<ValueType, readonly unknown[]>> = {
      STRING: [1, true, {}, 'half \ud83d', undefined],
      INT64: [1.5, 2 ** 53, '9223372036854775808', '1e3', '', true, undefined],
      FLOAT64: ['1', true, undefined],
      BOOLEAN: ['true', 1, undefined],
      TIMESTAMP: ['yesterday', '2026-02-30', '2026-01-01T25:00', 1e300, true, undefined],
      JSON: ['{', '{"a":"\\ud83d"}', { 'half \ud83d': 1 }, undefined],
    };
    for (const stranger of strangers[type]) expect(fromJson(stranger, type)).toBeUndefined();
  });
});

describe('moments', () => {
  it('are told in milliseconds where no date can tell them', () => {
    expect(momentText(8_640_000_000_000_000)).toBe('+275760-09-13T00:00:00.000Z');
    expect(momentText(9_089_348_860_800_000)).toBe('9089348860800000');
    expect(momentText(-9_000_000_000_000_000)).toBe('-9000000000000000');
  });

  it('are read in the usual forms, as UTC where they name no zone', () => {
    const at = Date.UTC(2026, 0, 2, 3, 4, 5, 678);
    for (const text of [
      '2026-01-02T03:04:05.678Z',
      '2026-01-02 03:04:05.678',
      '2026-01-02T05:04:05.678+02:00',
      '2026-01-01T22:04:05.678-0500',
      '2026-01-02 04:04:05.678 +01',
    ]) {
      expect(fromJson(text, 'TIMESTAMP')).toBe(at);
    }
    expect(fromJson('2026-01-02T03:04:05.6781239Z', 'TIMESTAMP')).toBe(at + 0.123);
    expect(fromJson('2026-01-02', 'TIMESTAMP')).toBe(Date.UTC(2026, 0, 2));
    expect(fromJson('2026-01-02T03:04', 'TIMESTAMP')).toBe(Date.UTC(2026, 0, 2, 3, 4));
  });

  it('are written to the microsecond where they have any', () => {
    expect(momentText(0)).toBe('1970-01-01T00:00:00.000Z');
    expect(momentText(1.5)).toBe('1970-01-01T00:00:00.001500Z');
    expect(momentText(-0.001)).toBe('1969-12-31T23:59:59.999999Z');
  });
});

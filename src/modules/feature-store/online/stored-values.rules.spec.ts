import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeatureValue, ValueType } from '../value-types.js';
import { joinedKey, microsecondsOf, millisecondsOf, storedText, storedValue } from './stored-values.rules.js';

const text = fc.string({ unit: 'binary' });
const bigInt = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const values: Readonly<Record<ValueType, fc.Arbitrary<FeatureValue>>> = {
  STRING: text,
  JSON: fc.json(),
  BOOLEAN: fc.boolean(),
  FLOAT64: fc.double(),
  INT64: fc.oneof(
    fc.maxSafeInteger(),
    bigInt.filter((value) => !Number.isSafeInteger(Number(value))),
  ),
  TIMESTAMP: fc.maxSafeInteger().map((micros) => Math.trunc(micros / 4) / 1_000),
};
const typed = fc
  .constantFrom(...(Object.keys(values) as ValueType[]))
  .chain((type) => fc.oneof(values[type], fc.constant(null)).map((value) => ({ type, value })));

describe('stored values', () => {
  it('come back as what they were', () => {
    fc.assert(
      fc.property(typed, ({ type, value }) => {
        const stored = storedText(value, type);
        const back = storedValue(stored ?? 'none');
        // A whole number has one way of writing; a moment is told in microseconds.
        if (type === 'INT64') expect(back).toBe(Object.is(value, -0) ? 0 : value);
        else if (type === 'TIMESTAMP' && value !== null)
          expect(microsecondsOf(Number(back))).toBe(microsecondsOf(Number(value)));
        else expect(back).toBe(value);
      }),
      { numRuns: 1_000 },
    );
  });

  it.each<[FeatureValue, ValueType, string]>([
    [9_007_199_254_740_993n, 'INT64', 'i9007199254740993'],
    [-(2n ** 63n), 'INT64', 'i-9223372036854775808'],
    [NaN, 'FLOAT64', 'dNaN'],
    [-Infinity, 'FLOAT64', 'd-Infinity'],
    [-0, 'FLOAT64', 'd-0'],
    [5e-324, 'FLOAT64', 'd5e-324'],
    [1_700_000_000_000.001, 'TIMESTAMP', 't1700000000000001'],
    ['n', 'STRING', 'sn'],
    ['', 'STRING', 's'],
    [null, 'STRING', 'n'],
  ])('write %s of %s as %s', (value, type, stored) => {
    expect(storedText(value, type)).toBe(stored);
    expect(storedValue(stored)).toBe(value);
  });

  it.each<[FeatureValue, ValueType]>([
    [1.5, 'INT64'],
    [2 ** 53, 'INT64'],
    [2n ** 63n, 'INT64'],
    ['1', 'INT64'],
    [1n, 'FLOAT64'],
    [1, 'BOOLEAN'],
    [NaN, 'TIMESTAMP'],
    [9.1e12, 'TIMESTAMP'],
    ['2026-01-01', 'TIMESTAMP'],
    [1, 'STRING'],
    ['\uD800', 'STRING'],
  ])('refuse %s as %s', (value, type) => {
    expect(storedText(value, type)).toBeUndefined();
  });

  it('refuse to read what nobody wrote', () => {
    expect(() => storedValue('x1')).toThrow('no known type');
  });
});

describe('keys', () => {
  it('are alike only where all their parts are', () => {
    const part = fc.oneof(fc.constantFrom('', ':', '1', '1:', '2:i1', 's', '0:'), text);
    const parts = fc.array(part, { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(parts, parts, (one, other) => {
        expect(joinedKey(one) === joinedKey(other)).toBe(JSON.stringify(one) === JSON.stringify(other));
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('moments', () => {
  it('keep their microseconds up to the year 2109', () => {
    const until2109 = 2 ** 42 * 1_000;
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), fc.nat(), (high, low) => {
        const micros = Math.trunc((high / 2 ** 31) * until2109) + (low % 1_000);
        expect(microsecondsOf(millisecondsOf(micros))).toBe(micros + 0);
      }),
    );
  });
});

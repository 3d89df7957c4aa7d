import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASE62, encodeBase62 } from './base62.js';
import { randomBase62 } from './random-token.js';

const decode = (digits: string) => Array.from(digits).reduce((value, digit) => value * 62 + BASE62.indexOf(digit), 0);

describe('encodeBase62', () => {
  it('can be read back for every 32-bit number', () => {
    fc.assert(fc.property(fc.nat(0xff_ff_ff_ff), (value) => decode(encodeBase62(value, 6)) === value));
  });

  it('pads with zeros and refuses what does not fit', () => {
    expect(encodeBase62(61, 3)).toBe('00z');
    expect(() => encodeBase62(62, 1)).toThrow(RangeError);
  });
});

describe('randomBase62', () => {
  it('has the length that was asked for and only digits of base62', () => {
    fc.assert(fc.property(fc.nat(200), (length) => new RegExp(`^[0-9A-Za-z]{${length}}$`).test(randomBase62(length))));
  });

  it('uses every digit and does not repeat itself', () => {
    const text = randomBase62(10_000);
    expect(new Set(text).size).toBe(62);
    expect(new Set(Array.from({ length: 1_000 }, () => randomBase62(22))).size).toBe(1_000);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { float16ToNumber, numberToFloat16 } from './float16.js';

describe('float16', () => {
  it('gives back all 65,536 bit patterns', () => {
    const changed: number[] = [];
    for (let bits = 0; bits < 65_536; bits += 1) {
      const value = float16ToNumber(bits);
      const back = numberToFloat16(value);
      if (Number.isNaN(value) ? back !== 0x7e00 : back !== bits) changed.push(bits);
    }
    expect(changed).toEqual([]);
  });

  it('rounds to the nearest half, ties to even', () => {
    fc.assert(
      fc.property(fc.double({ min: -65_519, max: 65_519, noNaN: true }), (value) => {
        const bits = numberToFloat16(value);
        const error = Math.abs(float16ToNumber(bits) - value);
        const magnitude = bits & 0x7fff;
        for (const neighbour of [magnitude - 1, magnitude + 1]) {
          if (neighbour < 0 || neighbour >= 0x7c00) continue;
          const other = Math.abs(float16ToNumber(neighbour | (bits & 0x8000)) - value);
          expect(error).toBeLessThanOrEqual(other);
          if (error === other) expect(magnitude % 2).toBe(0);
        }
      }),
      { numRuns: 500 },
    );
  });

  it.each([
    [65_504, 0x7bff],
    [65_519.9, 0x7bff],
    [65_520, 0x7c00],
    [-Infinity, 0xfc00],
    [2 ** -25, 0],
    [2 ** -24 * 1.5, 2],
    [-0, 0x8000],
    [1, 0x3c00],
  ])('%d is %i', (value, bits) => {
    expect(numberToFloat16(value)).toBe(bits);
  });
});

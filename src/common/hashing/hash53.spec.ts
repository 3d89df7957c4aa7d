import { describe, expect, it } from 'vitest';
import { hash53 } from './hash53.js';

const keys = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);

const bits = (hash: number) => hash.toString(2).padStart(53, '0').split('');

describe('hash53', () => {
  it('changes half of its bits with any one character', () => {
    let changed = 0;
    const count = 2_000;
    for (let index = 0; index < count; index += 1) {
      const [one, other] = [bits(hash53(`user-${index}`)), bits(hash53(`user-${index}!`))];
      changed += one.filter((bit, at) => bit !== other[at]).length;
    }
    expect(changed / count / 53).toBeGreaterThan(0.48);
    expect(changed / count / 53).toBeLessThan(0.52);
  });

  it('stays within 53 bits and tells texts apart', () => {
    const hashes = keys(100_000).map(hash53);
    expect(new Set(hashes).size).toBe(hashes.length);
    expect(hashes.every((hash) => Number.isSafeInteger(hash) && hash >= 0)).toBe(true);
  });
});

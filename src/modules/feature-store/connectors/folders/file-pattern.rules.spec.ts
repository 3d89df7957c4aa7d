import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matchesPattern } from './file-pattern.rules.js';

describe('patterns of file names', () => {
  it.each([
    ['sales.csv', '*', true],
    ['sales.csv', '*.csv', true],
    ['sales.csv.gz', '*.csv', false],
    ['sales-1.csv', 'sales-?.csv', true],
    ['sales-12.csv', 'sales-?.csv', false],
    ['sales-ä.csv', 'sales-?.csv', true],
    ['a.b.c', '*.b.*', true],
    ['axb', 'a.b', false],
    ['[a]', '[a]', true],
    ['', '*', true],
    ['', '?', false],
    ['a'.repeat(255), `${'*a'.repeat(120)}b`, false],
  ])('%s is one of %s: %s', (name, pattern, expected) => {
    expect(matchesPattern(name, pattern)).toBe(expected);
  });

  it('mean what the regular expression means', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 });
    const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?'), maxLength: 8 });
    fc.assert(
      fc.property(text, pattern, (name, wanted) => {
        const expression = wanted.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
        expect(matchesPattern(name, wanted)).toBe(new RegExp(`^${expression}$`).test(name));
      }),
      { numRuns: 2_000 },
    );
  });
});

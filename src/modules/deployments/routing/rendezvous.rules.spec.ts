import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { choose, type Weighted } from './rendezvous.rules.js';

const keys = (count: number) => Array.from({ length: count }, (_, index) => `user-${index}`);
const pick = (choices: readonly Weighted[], key: string, salt = 'salt') => choose(choices, salt, key)?.name;

const weights = fc.uniqueArray(
  fc.record({ name: fc.string({ minLength: 1, maxLength: 8 }), weight: fc.integer({ min: 0, max: 100 }) }),
  { selector: ({ name }) => name, minLength: 1, maxLength: 8 },
);

describe('choose', () => {
  it('gives shares that follow the weights', () => {
    fc.assert(
      fc.property(weights, fc.string(), (choices, salt) => {
        const total = choices.reduce((sum, { weight }) => sum + weight, 0);
        fc.pre(total > 0);
        const counts = new Map<string, number>();
        const count = 20_000;
        for (const key of keys(count)) {
          const name = pick(choices, key, salt) ?? '';
          counts.set(name, (counts.get(name) ?? 0) + 1);
        }
        for (const { name, weight } of choices) {
          const share = weight / total;
          // Six standard deviations of a binomial share: by chance once in 5·10⁸.
          const tolerance = 6 * Math.sqrt((share * (1 - share)) / count);
          expect(Math.abs((counts.get(name) ?? 0) / count - share)).toBeLessThanOrEqual(tolerance);
        }
      }),
      { numRuns: 30 },
    );
  });

  it('gives the same key the same choice, whatever the order of the choices', () => {
    fc.assert(
      fc.property(weights, fc.string(), (choices, key) => {
        expect(pick(choices.toReversed(), key)).toBe(pick(choices, key));
      }),
    );
  });

  it('moves keys only towards a choice whose weight was raised', () => {
    fc.assert(
      fc.property(weights, fc.nat(7), fc.integer({ min: 1, max: 100 }), fc.string(), (choices, at, more, key) => {
        const raised = choices[at % choices.length];
        const after = choices.map((choice) =>
          choice === raised ? { ...choice, weight: choice.weight + more } : choice,
        );
        const before = pick(choices, key);
        expect([before, raised?.name]).toContain(pick(after, key));
      }),
    );
  });

  it('moves only the keys of a choice that left', () => {
    fc.assert(
      fc.property(weights, fc.string(), (choices, key) => {
        const [gone, ...rest] = choices;
        const before = pick(choices, key);
        fc.pre(before !== gone?.name);
        expect(pick(rest, key)).toBe(before);
      }),
    );
  });

  it('never chooses a weight of 0, and nothing where all are 0', () => {
    const choices = [
      { name: 'a', weight: 0 },
      { name: 'b', weight: 1 },
    ];
    expect(new Set(keys(1_000).map((key) => pick(choices, key)))).toEqual(new Set(['b']));
    expect(pick([{ name: 'a', weight: 0 }], 'key')).toBeUndefined();
    expect(pick([], 'key')).toBeUndefined();
  });

  it('chooses independently for another salt', () => {
    const choices = [
      { name: 'a', weight: 1 },
      { name: 'b', weight: 1 },
    ];
    const all = keys(10_000);
    const same = all.filter((key) => pick(choices, key, 'one') === pick(choices, key, 'other')).length;
    expect(same / all.length).toBeGreaterThan(0.47);
    expect(same / all.length).toBeLessThan(0.53);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BASE62 } from '../../../common/crypto/base62.js';
import { permissions } from '../../../common/access/permissions.js';
import { generateApiKey, isWellFormedApiKey, permissionsBeyond, shownPrefixOf, validUntil } from './api-key.rules.js';

describe('API keys', () => {
  it('have the prefix, 30 random characters and a checksum that holds', () => {
    for (let count = 0; count < 200; count += 1) {
      const key = generateApiKey();
      expect(key).toMatch(/^nst_[0-9A-Za-z]{36}$/);
      expect(isWellFormedApiKey(key)).toBe(true);
    }
  });

  it('are refused after any change of a single character', () => {
    const character = fc.constantFrom(...Array.from(`${BASE62}_- \0é`));
    fc.assert(
      fc.property(fc.nat(39), character, (place, changed) => {
        const key = generateApiKey();
        fc.pre(key[place] !== changed);
        return !isWellFormedApiKey(key.slice(0, place) + changed + key.slice(place + 1));
      }),
      { numRuns: 2_000 },
    );
  });

  it('are refused when characters are lost, added or swapped with their neighbour', () => {
    fc.assert(
      fc.property(fc.nat(38), (place) => {
        const key = generateApiKey();
        const [first = '', second = ''] = [key[place], key[place + 1]];
        const lost = key.slice(0, place) + key.slice(place + 1);
        const doubled = key.slice(0, place) + first + key.slice(place);
        const swapped = key.slice(0, place) + second + first + key.slice(place + 2);
        return (
          !isWellFormedApiKey(lost) &&
          !isWellFormedApiKey(doubled) &&
          (first === second || !isWellFormedApiKey(swapped)) &&
          !isWellFormedApiKey(`${key}\n`)
        );
      }),
    );
  });

  it('refuses texts of any kind without an error', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !isWellFormedApiKey(text)));
    fc.assert(fc.property(fc.string(), (text) => !isWellFormedApiKey(`nst_${text}`)));
  });

  it('show only eight characters', () => {
    const key = generateApiKey();
    expect(key.startsWith(shownPrefixOf(key))).toBe(true);
    expect(shownPrefixOf(key)).toHaveLength(8);
  });
});

describe('validUntil', () => {
  const [soon, later] = [new Date(1_000), new Date(2_000)];

  it('is the earlier of expiry and end of grace, and never for a revoked key', () => {
    expect(validUntil({ expiresAt: null, revokedAt: null, graceEndsAt: null })).toBe(Number.POSITIVE_INFINITY);
    expect(validUntil({ expiresAt: later, revokedAt: null, graceEndsAt: soon })).toBe(1_000);
    expect(validUntil({ expiresAt: soon, revokedAt: null, graceEndsAt: later })).toBe(1_000);
    expect(validUntil({ expiresAt: later, revokedAt: soon, graceEndsAt: null })).toBe(Number.NEGATIVE_INFINITY);
  });
});

describe('permissionsBeyond', () => {
  it('is empty exactly when all that is wanted is held', () => {
    const some = fc.subarray([...permissions]);
    fc.assert(
      fc.property(some, some, (held, wanted) => {
        const beyond = permissionsBeyond(new Set(held), wanted);
        return (
          beyond.every((permission) => wanted.includes(permission) && !held.includes(permission)) &&
          wanted.every((permission) => held.includes(permission) || beyond.includes(permission))
        );
      }),
    );
  });
});

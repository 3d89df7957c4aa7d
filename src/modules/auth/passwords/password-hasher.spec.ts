import { hash } from '@node-rs/argon2';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../common/errors/coded-error.js';
import { assertAcceptablePassword } from './password.rules.js';
import { PasswordHasher } from './password-hasher.js';

const password = 'correct horse battery staple';

describe('PasswordHasher', () => {
  const hasher = new PasswordHasher();

  it('hashes with argon2id, 19 MiB, 2 passes', async () => {
    const made = await hasher.hash(password);
    expect(made).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    expect(hasher.isWeak(made)).toBe(false);
    expect(await hasher.verify(made, password)).toBe(true);
    expect(await hasher.verify(made, `${password}!`)).toBe(false);
  });

  it('takes compatible forms of the same characters for one password', async () => {
    expect(await hasher.verify(await hasher.hash('pässwort, recht lang'), 'pa\u0308sswort, recht lang')).toBe(true);
  });

  it('answers false for an unknown account, whatever the password', async () => {
    await hasher.prepare();
    expect(await hasher.verify(null, password)).toBe(false);
  });

  it('knows hashes that are weaker than today’s', async () => {
    expect(hasher.isWeak(await hash(password, { memoryCost: 4_096, timeCost: 2 }))).toBe(true);
    expect(hasher.isWeak(await hash(password, { timeCost: 1 }))).toBe(true);
    expect(hasher.isWeak((await hasher.hash(password)).replace('argon2id', 'argon2i'))).toBe(true);
    expect(hasher.isWeak(await hash(password, { memoryCost: 32_768, timeCost: 3 }))).toBe(false);
  });

  it('turns away a flood instead of queueing it without bound, and works on afterwards', async () => {
    const settled = await Promise.allSettled(Array.from({ length: 80 }, () => hasher.hash(password)));
    const refused = settled.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(80 - 64 - 2);
    for (const one of refused) expect(one.reason).toMatchObject({ code: 'OVERLOADED', retryAfterMs: 1_000 });
    expect(await hasher.hash(password)).toContain('argon2id');
  });
});

describe('assertAcceptablePassword', () => {
  it('wants 12 to 1,024 characters that are not the e-mail', () => {
    expect(() => assertAcceptablePassword('x'.repeat(12), 'a@example.com')).not.toThrow();
    expect(() => assertAcceptablePassword('x'.repeat(1_024), 'a@example.com')).not.toThrow();
    // Six characters of two UTF-16 units each are six, not twelve.
    for (const refused of ['x'.repeat(11), 'x'.repeat(1_025), '🔑'.repeat(6), 'Ada@Example.com']) {
      expect(() => assertAcceptablePassword(refused, 'ada@example.com')).toThrow(CodedError);
    }
  });
});

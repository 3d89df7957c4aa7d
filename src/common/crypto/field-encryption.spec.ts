import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FieldEncryption, type FieldPlace } from './field-encryption.js';
import { InstallationSecret } from './installation-secret.js';

const encryption = new FieldEncryption(new InstallationSecret('the secret of one installation'));
const place: FieldPlace = { table: 'data_sources', row: '1', column: 'secrets.token' };

const refused = (why: RegExp) =>
  expect.objectContaining({ code: 'SECRET_UNREADABLE', message: expect.stringMatching(why) as string });

const thrownBy = (task: () => unknown): unknown => {
  try {
    return task();
  } catch (error) {
    return error;
  }
};

describe('FieldEncryption', () => {
  it('gives back what it was given, in its place', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string(), (text, row) => {
        const at = { ...place, row };
        expect(encryption.decrypt(encryption.encrypt(text, at), at)).toBe(text);
      }),
    );
  });

  it('never encrypts twice alike, and shows nothing of the text', () => {
    const [one, other] = [encryption.encrypt('hunter2', place), encryption.encrypt('hunter2', place)];
    expect(one).not.toBe(other);
    expect(Buffer.from(one.split('.')[2] ?? '', 'base64url').toString('latin1')).not.toContain('hunter2');
  });

  it('reads what was encrypted under a secret of before, and encrypts under the new one', () => {
    const before = new InstallationSecret('the secret of one installation');
    const now = new InstallationSecret('the next secret of one installation');
    const rotated = new FieldEncryption(now, [before]);
    const old = encryption.encrypt('hunter2', place);
    expect(rotated.decrypt(old, place)).toBe('hunter2');
    expect(old.startsWith(rotated.currentPrefix)).toBe(false);
    const anew = rotated.encrypt('hunter2', place);
    expect(anew.startsWith(rotated.currentPrefix)).toBe(true);
    expect(new FieldEncryption(now).decrypt(anew, place)).toBe('hunter2');
    expect(thrownBy(() => encryption.decrypt(anew, place))).toEqual(refused(/another NESTOR_SECRET/));
  });

  it('refuses a value that was moved to another cell', () => {
    const encrypted = encryption.encrypt('hunter2', place);
    for (const other of [{ table: 'users' }, { row: '2' }, { column: 'secrets.other' }]) {
      expect(thrownBy(() => encryption.decrypt(encrypted, { ...place, ...other }))).toEqual(
        refused(/altered or moved/),
      );
    }
  });

  it('refuses a value of which a single bit was changed, wherever it is', () => {
    const [format = '', keyId = '', payload = ''] = encryption.encrypt('hunter2', place).split('.');
    const bytes = Buffer.from(payload, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 1;
      const encrypted = [format, keyId, changed.toString('base64url')].join('.');
      expect(thrownBy(() => encryption.decrypt(encrypted, place))).toEqual(refused(/altered/));
    }
  });

  it('says that a value is of another secret, cut off or nothing it knows', () => {
    const other = new FieldEncryption(new InstallationSecret('the secret of another installation'));
    const encrypted = encryption.encrypt('hunter2', place);
    expect(thrownBy(() => other.decrypt(encrypted, place))).toEqual(refused(/another NESTOR_SECRET/));
    expect(thrownBy(() => encryption.decrypt(encrypted.slice(0, 20), place))).toEqual(refused(/cut off/));
    expect(thrownBy(() => encryption.decrypt('hunter2', place))).toEqual(refused(/no form/));
  });
});

import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { deriveKey, InstallationSecret } from './installation-secret.js';
import { loadOrCreateSecret, SecretFileError } from './secret-file.js';

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'nestor-secret-'));
});
afterEach(() => rm(home, { recursive: true, force: true }));

describe('loadOrCreateSecret', () => {
  it('prefers the setting and makes no file for it', async () => {
    const given = 'a secret that was given by the operator';
    expect(await loadOrCreateSecret(home, { NESTOR_SECRET: given })).toBe(given);
    expect(await readdir(home)).toEqual([]);
  });

  it('makes one secret for all processes that start together, readable by the owner alone', async () => {
    const folder = join(home, 'state');
    const secrets = await Promise.all(Array.from({ length: 30 }, () => loadOrCreateSecret(folder, {})));
    expect(new Set(secrets).size).toBe(1);
    expect(secrets[0]).toMatch(/^[0-9A-Za-z]{43}$/);
    expect(await readdir(folder)).toEqual(['secret']);
    expect((await stat(join(folder, 'secret'))).mode & 0o777).toBe(0o600);
    expect(await loadOrCreateSecret(folder, {})).toBe(secrets[0]);
  });

  it('refuses a damaged file instead of replacing it', async () => {
    await writeFile(join(home, 'secret'), 'short\n');
    await expect(loadOrCreateSecret(home, {})).rejects.toThrow(SecretFileError);
  });

  it('passes on what keeps the file from being read', async () => {
    await writeFile(join(home, 'file'), '');
    await expect(loadOrCreateSecret(join(home, 'file'), {})).rejects.toThrow(/ENOTDIR/);
  });
});

describe('deriveKey', () => {
  it('gives each purpose a key of its own, always the same', () => {
    const secret = new InstallationSecret('x'.repeat(32));
    expect(secret.deriveKey('access-token')).toEqual(deriveKey('x'.repeat(32), 'access-token'));
    expect(secret.deriveKey('access-token')).toHaveLength(32);
    expect(secret.deriveKey('access-token')).not.toEqual(secret.deriveKey('audit-checkpoint'));
    expect(JSON.stringify(secret)).toBe('{}');
  });
});

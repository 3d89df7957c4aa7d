import { randomUUID } from 'node:crypto';
import { JwtService } from '@nestjs/jwt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deriveKey } from '../../src/common/crypto/installation-secret.js';
import { addUser, type AuthApi, bearer, PASSWORD, signIn, startAuthApi } from '../support/auth.js';

let api: AuthApi;
let claims: { sub: string; sid: string; wid: string };
beforeAll(async () => {
  api = await startAuthApi();
  const { accessToken } = await addUser(api, 'token@example.com', 'VIEWER');
  const { sub, sid, wid } = new JwtService().decode<typeof claims>(accessToken);
  claims = { sub, sid, wid };
});
afterAll(() => api.close());

const now = () => Math.floor(Date.now() / 1_000);

/** A token like ours, but for what is changed in it. */
async function forge(
  changed: {
    header?: Record<string, unknown>;
    payload?: Record<string, unknown>;
    secret?: Buffer;
    algorithm?: 'HS256' | 'HS384' | 'HS512';
  } = {},
): Promise<string> {
  const { algorithm = 'HS256' } = changed;
  const payload = { ...claims, iss: 'nestor', aud: 'nestor-api', iat: now(), exp: now() + 60, ...changed.payload };
  const secret = changed.secret ?? deriveKey(api.settings.NESTOR_SECRET ?? '', 'access-token');
  const header = { alg: algorithm, typ: 'at+jwt', ...changed.header };
  return new JwtService().signAsync(JSON.parse(JSON.stringify(payload)) as object, { secret, algorithm, header });
}

async function codeOf(token: string): Promise<string | undefined> {
  return (await api.send('{ me { email } }', {}, bearer(token))).errors[0]?.extensions.code;
}

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('access tokens', () => {
  it('are accepted as they are made', async () => {
    expect(await codeOf(await forge())).toBeUndefined();
  });

  it('are refused with the algorithm none, in any case', async () => {
    const [, payload = '', signature = ''] = (await forge()).split('.');
    for (const alg of ['none', 'None', 'NONE', '']) {
      for (const end of ['', signature]) {
        expect(await codeOf(`${part({ alg, typ: 'at+jwt' })}.${payload}.${end}`)).toBe('UNAUTHENTICATED');
      }
    }
  });

  it('are refused with another algorithm, though the key is right', async () => {
    expect(await codeOf(await forge({ algorithm: 'HS384' }))).toBe('UNAUTHENTICATED');
    expect(await codeOf(await forge({ algorithm: 'HS512' }))).toBe('UNAUTHENTICATED');
    const [, payload = '', signature = ''] = (await forge()).split('.');
    expect(await codeOf(`${part({ alg: 'RS256', typ: 'at+jwt' })}.${payload}.${signature}`)).toBe('UNAUTHENTICATED');
  });

  it.each([
    ['another audience', { payload: { aud: 'nestor-refresh' } }],
    ['no audience', { payload: { aud: undefined } }],
    ['another issuer', { payload: { iss: 'someone' } }],
    ['the type of any other token', { header: { typ: 'JWT' } }],
    ['no type', { header: { typ: undefined } }],
    ['no subject', { payload: { sub: undefined } }],
    ['a session that is no id', { payload: { sid: "' OR 1=1" } }],
    ['another session', { payload: { sid: randomUUID() } }],
    ['another user', { payload: { sub: randomUUID() } }],
    ['another workspace', { payload: { wid: randomUUID() } }],
    ['the key of another purpose', { secret: deriveKey('a secret that all processes of the tests share', 'other') }],
    ['the secret itself as key', { secret: Buffer.from('a secret that all processes of the tests share') }],
  ])('are refused with %s', async (_, changed) => {
    expect(await codeOf(await forge(changed))).toBe('UNAUTHENTICATED');
  });

  it('are refused when they expired, are from the future, never expire, or are not valid yet', async () => {
    expect(await codeOf(await forge({ payload: { exp: now() - 1 } }))).toBe('UNAUTHENTICATED');
    expect(await codeOf(await forge({ payload: { iat: now() + 30 } }))).toBe('UNAUTHENTICATED');
    expect(await codeOf(await forge({ payload: { exp: undefined } }))).toBe('UNAUTHENTICATED');
    expect(await codeOf(await forge({ payload: { nbf: now() + 30 } }))).toBe('UNAUTHENTICATED');
  });

  it('are refused after any change of payload or signature', async () => {
    const [header = '', payload = '', signature = ''] = (await forge()).split('.');
    const admin = part({ ...(JSON.parse(Buffer.from(payload, 'base64url').toString()) as object), role: 'ADMIN' });
    const flipped = (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1);
    for (const token of [
      `${header}.${admin}.${signature}`,
      `${header}.${payload}.${flipped}`,
      `${header}.${payload}`,
    ]) {
      expect(await codeOf(token)).toBe('UNAUTHENTICATED');
    }
  });

  it('end on time, though the cache holds them', async () => {
    const token = await forge({ payload: { iat: now() - 10, exp: now() + 2 } });
    expect(await codeOf(token)).toBeUndefined();
    await expect.poll(() => codeOf(token), { timeout: 5_000, interval: 200 }).toBe('UNAUTHENTICATED');
  });

  it('are no refresh tokens, and the other way round', async () => {
    const session = await signIn(api, 'token@example.com', PASSWORD);
    expect(await codeOf(session.refreshToken)).toBe('UNAUTHENTICATED');
    const asKey = await api.send('{ me { email } }', {}, { 'x-api-key': session.accessToken });
    expect(asKey.errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});

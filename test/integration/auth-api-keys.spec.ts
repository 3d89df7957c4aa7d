import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateApiKey } from '../../src/modules/auth/api-keys/api-key.rules.js';
import { encodeCursor } from '../../src/common/graphql/page.js';
import { sha256 } from '../../src/common/crypto/digest.js';
import { addUser, auditEvents, type AuthApi, bearer, createKey, startAuthApi } from '../support/auth.js';
import type { Headers } from '../support/graphql.js';

let api: AuthApi;
let admin: Headers;
beforeAll(async () => {
  api = await startAuthApi();
  admin = { 'x-api-key': api.admin.apiKey ?? '' };
});
afterAll(() => api.close());

interface Key {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly active: boolean;
  readonly permissions: readonly string[];
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly rotatedFromId: string | null;
}

interface Created {
  readonly apiKey: Key;
  readonly key: string;
}

const KEY = 'id name prefix permissions active expiresAt revokedAt graceEndsAt lastUsedAt rotatedFromId createdBy';
const CREATE = `mutation Create($input: CreateApiKeyInput!) { createApiKey(input: $input) { key apiKey { ${KEY} } } }`;
const ROTATE = `mutation Rotate($id: ID!, $overlap: Int) {
  rotateApiKey(id: $id, overlapSeconds: $overlap) { key apiKey { ${KEY} } }
}`;
const REVOKE = `mutation Revoke($id: ID!) { revokeApiKey(id: $id) { ${KEY} } }`;
const LIST = `query List($first: Int, $after: String) {
  apiKeys(first: $first, after: $after) { edges { node { ${KEY} } } pageInfo { hasNextPage endCursor } }
}`;
const ME = '{ me { email } }';

const codeOf = async (query: string, variables: Record<string, unknown> = {}, headers: Headers = admin) =>
  (await api.send(query, variables, headers)).errors[0]?.extensions.code;

async function create(input: Record<string, unknown> = {}, headers: Headers = admin): Promise<Created> {
  const variables = { input: { name: 'robot', permissions: ['MODEL_READ', 'USER_READ'], ...input } };
  return (await api.ask<{ createApiKey: Created }>(CREATE, variables, headers)).createApiKey;
}

async function keys(): Promise<Key[]> {
  const page = await api.ask<{ apiKeys: { edges: { node: Key }[] } }>(LIST, { first: 200 }, admin);
  return page.apiKeys.edges.map(({ node }) => node);
}

describe('API keys', () => {
  it('work by either header, within their permissions', async () => {
    const { key, apiKey } = await create();
    expect(key).toMatch(/^nst_[0-9A-Za-z]{36}$/);
    expect(apiKey).toMatchObject({ active: true, prefix: key.slice(0, 8), permissions: ['MODEL_READ', 'USER_READ'] });
    for (const headers of [{ 'x-api-key': key }, bearer(key), { authorization: `bearer  ${key}` }]) {
      expect(await codeOf('{ users { edges { cursor } } }', {}, headers)).toBeUndefined();
      expect(await codeOf(LIST, {}, headers)).toBe('FORBIDDEN');
    }
    expect(await api.ask(ME, {}, bearer(key))).toEqual({ me: { email: 'admin@example.com' } });
  });

  it('are listed without the key itself, newest first, in pages', async () => {
    const made = [await create({ name: 'first' }), await create({ name: 'second' }), await create({ name: 'third' })];
    const names: string[] = [];
    let after: string | null = null;
    do {
      const answer: { apiKeys: { edges: { node: Key }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } } =
        await api.ask(LIST, { first: 2, after }, admin);
      expect(JSON.stringify(answer)).not.toContain(made[0]?.key);
      names.push(...answer.apiKeys.edges.map(({ node }) => node.id));
      after = answer.apiKeys.pageInfo.hasNextPage ? answer.apiKeys.pageInfo.endCursor : null;
    } while (after !== null);
    expect(names).toEqual((await keys()).map(({ id }) => id));
    expect(new Set(names).size).toBe(names.length);
    expect(names.slice(0, 3)).toEqual(made.map(({ apiKey }) => apiKey.id).toReversed());
    const foreign = encodeCursor([1, 'no uuid']);
    expect(await codeOf(LIST, { after: foreign })).toBe('INVALID_CURSOR');
    const noTime = encodeCursor(['soon', randomUUID()]);
    expect(await codeOf(LIST, { after: noTime })).toBe('INVALID_CURSOR');
  });

  it('are unknown when made up, and refused before the database is asked when mistyped', async () => {
    expect(await codeOf(ME, {}, bearer(generateApiKey()))).toBe('UNAUTHENTICATED');
    const { key } = await create();
    const mistyped = key.slice(0, -1) + (key.endsWith('A') ? 'B' : 'A');
    // Even a row with its digest does not help: the checksum is wrong.
    await api.database.query('UPDATE api_keys SET hash = $1 WHERE hash = $2', [sha256(mistyped), sha256(key)]);
    expect(await codeOf(ME, {}, bearer(mistyped))).toBe('UNAUTHENTICATED');
    expect(await codeOf(ME, {}, { 'x-api-key': 'x'.repeat(5_000) })).toBe('UNAUTHENTICATED');
  });

  it('expire on time', async () => {
    const { key } = await create({ expiresAt: new Date(Date.now() + 1_500).toISOString() });
    expect(await codeOf(ME, {}, bearer(key))).toBeUndefined();
    await expect.poll(() => codeOf(ME, {}, bearer(key)), { timeout: 5_000 }).toBe('UNAUTHENTICATED');
    expect(
      await codeOf(CREATE, { input: { name: 'x', permissions: ['MODEL_READ'], expiresAt: '2020-01-01T00:00:00Z' } }),
    ).toBe('INVALID_INPUT');
  });

  it('stop at once when revoked, by any administrator, and stay so', async () => {
    const { key, apiKey } = await create();
    expect(await codeOf(ME, {}, bearer(key))).toBeUndefined();
    const revoked = await api.ask<{ revokeApiKey: Key & { revokedAt: string } }>(REVOKE, { id: apiKey.id }, admin);
    expect(revoked.revokeApiKey).toMatchObject({ active: false, revokedAt: expect.any(String) });
    expect(await codeOf(ME, {}, bearer(key))).toBe('UNAUTHENTICATED');
    const again = await api.ask<{ revokeApiKey: { revokedAt: string } }>(REVOKE, { id: apiKey.id }, admin);
    expect(again.revokeApiKey.revokedAt).toBe(revoked.revokeApiKey.revokedAt);
    expect((await auditEvents(api, 'api-key.revoke', 'SUCCESS'))[0]).toMatchObject({ resource_id: apiKey.id });
  });

  it('note when they were used, but not at every use', async () => {
    const { key, apiKey } = await create();
    expect(apiKey.lastUsedAt).toBeNull();
    await api.ask(ME, {}, bearer(key));
    const first = (await keys()).find(({ id }) => id === apiKey.id)?.lastUsedAt;
    expect(Date.parse(first ?? '')).toBeGreaterThan(0);
    await api.ask(ME, {}, bearer(key));
    expect((await keys()).find(({ id }) => id === apiKey.id)?.lastUsedAt).toBe(first);
  });

  it.each([
    ['no name', { name: '' }],
    ['a control character in the name', { name: 'a\0' }],
    ['no permission', { permissions: [] }],
  ])('need more than %s', async (_, changed) => {
    expect(await codeOf(CREATE, { input: { name: 'x', permissions: ['MODEL_READ'], ...changed } })).toBe(
      'INVALID_INPUT',
    );
  });
});

describe('rotating a key', () => {
  it('lets both work until the overlap ends, with the same permissions', async () => {
    const old = await create();
    const { rotateApiKey } = await api.ask<{ rotateApiKey: Created }>(ROTATE, { id: old.apiKey.id, overlap: 2 }, admin);
    expect(rotateApiKey.apiKey).toMatchObject({
      name: 'robot',
      permissions: ['MODEL_READ', 'USER_READ'],
      rotatedFromId: old.apiKey.id,
      active: true,
    });
    expect(await codeOf(ME, {}, bearer(old.key))).toBeUndefined();
    expect(await codeOf(ME, {}, bearer(rotateApiKey.key))).toBeUndefined();
    await expect.poll(() => codeOf(ME, {}, bearer(old.key)), { timeout: 6_000 }).toBe('UNAUTHENTICATED');
    expect(await codeOf(ME, {}, bearer(rotateApiKey.key))).toBeUndefined();
  });

  it('ends the old one at once without an overlap', async () => {
    const old = await create();
    expect(await codeOf(ME, {}, bearer(old.key))).toBeUndefined();
    await api.ask(ROTATE, { id: old.apiKey.id, overlap: 0 }, admin);
    expect(await codeOf(ME, {}, bearer(old.key))).toBe('UNAUTHENTICATED');
  });

  it('happens once, also when two try at the same moment, and not to a key that has ended', async () => {
    const old = await create();
    const codes = await Promise.all([1, 2, 3].map(() => codeOf(ROTATE, { id: old.apiKey.id })));
    expect(codes.filter((code) => code === undefined)).toHaveLength(1);
    expect(codes.filter((code) => code === 'CONFLICT')).toHaveLength(2);
    const revoked = await create();
    await api.ask(REVOKE, { id: revoked.apiKey.id }, admin);
    expect(await codeOf(ROTATE, { id: revoked.apiKey.id })).toBe('CONFLICT');
    expect(await codeOf(ROTATE, { id: old.apiKey.id, overlap: -1 })).toBe('INVALID_INPUT');
  });
});

describe('no key carries more than its maker has', () => {
  it('when a key makes a key', async () => {
    const maker = await createKey(api, ['API_KEY_MANAGE', 'MODEL_READ']);
    const headers = { 'x-api-key': maker };
    const child = await create({ permissions: ['MODEL_READ'] }, headers);
    expect(child.apiKey).toMatchObject({ createdBy: api.admin.userId });
    const answer = await api.send(
      CREATE,
      { input: { name: 'x', permissions: ['MODEL_READ', 'USER_MANAGE'] } },
      headers,
    );
    expect(answer.errors[0]).toMatchObject({
      extensions: { code: 'FORBIDDEN' },
      message: expect.stringContaining('user:manage'),
    });
  });

  it('when a key rotates a stronger key', async () => {
    const strong = await create({ permissions: ['USER_MANAGE'] });
    const weak = await createKey(api, ['API_KEY_MANAGE']);
    expect(await codeOf(ROTATE, { id: strong.apiKey.id }, { 'x-api-key': weak })).toBe('FORBIDDEN');
    expect(await codeOf(REVOKE, { id: strong.apiKey.id }, { 'x-api-key': weak })).toBeUndefined();
  });

  it('and engineers make none at all', async () => {
    const engineer = await addUser(api, 'engineer@example.com', 'ENGINEER');
    const input = { name: 'x', permissions: ['MODEL_READ'] };
    expect(await codeOf(CREATE, { input }, bearer(engineer.accessToken))).toBe('FORBIDDEN');
    expect(await codeOf(LIST, {}, bearer(engineer.accessToken))).toBeUndefined();
  });
});

describe('keys of other workspaces', () => {
  it('do not exist here', async () => {
    const [workspaceId, id] = [randomUUID(), randomUUID()];
    await api.database.query(`INSERT INTO workspaces VALUES ($1, 'Foreign', 'foreign', now())`, [workspaceId]);
    await api.database.query(
      `INSERT INTO api_keys (id, workspace_id, name, prefix, hash, permissions, created_by, created_at)
       VALUES ($1, $2, 'foreign', 'nst_', 'x', '{model:read}', $3, now())`,
      [id, workspaceId, api.admin.userId],
    );
    for (const unknown of [id, randomUUID(), 'no uuid']) {
      expect(await codeOf(REVOKE, { id: unknown })).toBe('NOT_FOUND');
      expect(await codeOf(ROTATE, { id: unknown })).toBe('NOT_FOUND');
    }
    expect((await keys()).map(({ name }) => name)).not.toContain('foreign');
  });
});

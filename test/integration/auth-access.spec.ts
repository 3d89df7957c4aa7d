import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { generateApiKey } from '../../src/modules/auth/api-keys/api-key.rules.js';
import { ApiKeyRepository } from '../../src/modules/auth/api-keys/api-key.repository.js';
import { RefusalRecorder } from '../../src/modules/auth/access/refusal-recorder.js';
import { addUser, auditEvents, type AuthApi, bearer, createKey, startAuthApi } from '../support/auth.js';
import type { Headers } from '../support/graphql.js';
import { listen } from '../support/subscriptions.js';

let api: AuthApi;
let admin: Headers;
beforeAll(async () => {
  api = await startAuthApi();
  admin = { 'x-api-key': api.admin.apiKey ?? '' };
});
afterAll(() => api.close());

const codesOf = async (query: string, headers: Headers = {}) =>
  (await api.send(query, {}, headers)).errors.map(({ extensions }) => extensions.code);

describe('the access guard', () => {
  it('refuses root fields, field resolvers and routes that have no rule, whoever asks', async () => {
    expect(await codesOf('{ probeForgotten }', admin)).toEqual(['FORBIDDEN']);
    expect(new Set(await codesOf('{ probes { forgotten } }', admin))).toEqual(new Set(['FORBIDDEN']));
    const route = await fetch(`${api.url}/probe/forgotten`, { method: 'PUT', headers: admin });
    expect(route.status).toBe(403);
    expect(await route.json()).toMatchObject({ error: { code: 'FORBIDDEN' } });
  });

  it('guards field resolvers behind public fields', async () => {
    expect(await codesOf('{ probes { size } }')).toEqual([]);
    expect(new Set(await codesOf('{ probes { guarded } }'))).toEqual(new Set(['UNAUTHENTICATED']));
    expect(await codesOf('{ probes { guarded } }', admin)).toEqual([]);
  });

  it('guards routes like fields', async () => {
    const url = `${api.url}/probe/guarded/secret-name`;
    expect((await fetch(url)).status).toBe(401);
    expect((await fetch(url, { headers: bearer('nonsense') })).status).toBe(401);
    expect((await fetch(url, { headers: admin })).status).toBe(200);
    await expect.poll(() => refusalsOf('GET /probe/guarded/:name')).toHaveLength(1);
  });

  it('tells who has no credentials what to send, and leaves no event for it', async () => {
    const answer = await api.send('{ me { email } }');
    expect(answer.errors[0]).toMatchObject({
      message: expect.stringContaining('X-API-Key'),
      extensions: { code: 'UNAUTHENTICATED' },
    });
    expect(await refusalsOf('Query.me')).toEqual([]);
  });

  it('refuses credentials of kinds that it does not know', async () => {
    for (const authorization of [
      'Basic YWRtaW46YWRtaW4=',
      'Bearer',
      'Bearer a b',
      'nonsense',
      `Bearer ${'x'.repeat(9_000)}`,
    ]) {
      expect(await codesOf('{ me { email } }', { authorization })).toEqual(['UNAUTHENTICATED']);
    }
  });

  it('takes the key where both headers are there', async () => {
    const viewer = await addUser(api, 'both@example.com', 'VIEWER');
    const query = '{ users { edges { cursor } } }';
    expect(await codesOf(query, { ...admin, ...bearer(viewer.accessToken) })).toEqual([]);
    expect(await codesOf(query, { 'x-api-key': 'nonsense', ...bearer(viewer.accessToken) })).toEqual([
      'UNAUTHENTICATED',
    ]);
  });

  it('knows the actor on public fields, and overlooks credentials that are no good there', async () => {
    expect(await api.ask('{ probeActor }')).toEqual({ probeActor: null });
    expect(await api.ask('{ probeActor }', {}, admin)).toEqual({ probeActor: 'default' });
    expect(await api.ask('{ probeActor }', {}, bearer(generateApiKey()))).toEqual({ probeActor: null });
    const mixed = await api.send('{ probeActor me { email } }', {}, bearer(generateApiKey()));
    expect(mixed.errors.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
  });

  it('asks the database once for many fields and many requests with one credential', async () => {
    const key = await createKey(api, ['USER_READ']);
    let asked = 0;
    const counting = (original: KeyLookUp['findByHash']) => (hash: string) => {
      asked += 1;
      return original(hash);
    };
    await withLookUp(counting, async () => {
      const query = `{ ${Array.from({ length: 20 }, (_, index) => `p${index}: probes { guarded }`).join(' ')} }`;
      await Promise.all(Array.from({ length: 10 }, () => api.ask(query, {}, { 'x-api-key': key })));
    });
    expect(asked).toBe(1);
  });

  it('keeps public fields working while credentials cannot be looked up, and says so on the others', async () => {
    const headers = bearer(generateApiKey());
    const [open, guarded] = await withLookUp(unreachable, async () => [
      await api.send('{ probeActor }', {}, headers),
      await api.send('{ me { email } }', {}, headers),
    ]);
    expect(open).toMatchObject({ data: { probeActor: null }, errors: [] });
    expect(guarded?.errors).toMatchObject([{ extensions: { code: 'SERVICE_UNAVAILABLE' } }]);
  });
});

describe('the access guard over a WebSocket', () => {
  it('takes credentials from the connection’s parameters', async () => {
    const viewer = await addUser(api, 'socket@example.com', 'VIEWER');
    const found = { probeSubscribed: 'socket@example.com' };
    expect(await subscribe({ Authorization: `Bearer ${viewer.accessToken}` })).toEqual(found);
    expect(await subscribe({ 'X-API-Key': api.admin.apiKey })).toEqual({ probeSubscribed: 'default' });
  });

  it('refuses without, and with wrong ones', async () => {
    expect(await subscribe({})).toBe('UNAUTHENTICATED');
    expect(await subscribe({ Authorization: 'Bearer nonsense' })).toBe('UNAUTHENTICATED');
    expect(await subscribe({ Authorization: 5, 'X-API-Key': ['x'] })).toBe('UNAUTHENTICATED');
  });
});

async function subscribe(connectionParams: Readonly<Record<string, unknown>>) {
  const { data, errors } = await listen(api.url, 'subscription { probeSubscribed }', {}, connectionParams);
  return data[0] ?? errors[0]?.extensions.code;
}

const unreachable = () => () => Promise.reject(Object.assign(new Error('down'), { code: 'ECONNREFUSED' }));

interface KeyLookUp {
  findByHash(hash: string): Promise<unknown>;
}

/** Puts something between the strategy of API keys and the database while the work goes on. */
async function withLookUp<T>(
  replace: (original: KeyLookUp['findByHash']) => KeyLookUp['findByHash'],
  work: () => Promise<T>,
): Promise<T> {
  const keys = api.app.get<KeyLookUp>(ApiKeyRepository, { strict: false });
  const original = keys.findByHash.bind(keys);
  keys.findByHash = replace(original);
  try {
    return await work();
  } finally {
    keys.findByHash = original;
  }
}

async function refusalsOf(target: string) {
  const events = await auditEvents(api, 'access.refused', 'DENIED');
  return events.filter((event) => event.resource_id === target);
}

describe('refusals in the audit trail', () => {
  it('name who, what and why', async () => {
    const viewer = await addUser(api, 'nosy@example.com', 'VIEWER');
    await api.send('{ apiKeys { edges { cursor } } }', {}, bearer(viewer.accessToken));
    await expect
      .poll(() => refusalsOf('Query.apiKeys'))
      .toEqual([
        expect.objectContaining({
          actor_name: 'nosy@example.com',
          workspace_id: api.admin.workspaceId,
          error_code: 'FORBIDDEN',
          resource_type: 'field',
          detail: { permission: 'api-key:read' },
        }),
      ]);
  });

  it('count a flood instead of filling the database', async () => {
    const headers = bearer(generateApiKey());
    await Promise.all(Array.from({ length: 300 }, () => api.send('{ users { edges { cursor } } }', {}, headers)));
    const refusals = 300;
    await expect
      .poll(
        async () => {
          const events = await refusalsOf('Query.users');
          return events
            .filter(({ error_code: code }) => code === 'UNAUTHENTICATED')
            .reduce((sum, { detail }) => sum + Number(detail?.['repeats'] ?? 1), 0);
        },
        { timeout: 5_000 },
      )
      .toBeGreaterThanOrEqual(refusals);
    expect((await refusalsOf('Query.users')).length).toBeLessThan(refusals / 3);
  });
});

describe('the recorder of refusals', () => {
  it('tells a bounded number of kinds apart, and counts the rest together', async () => {
    const recorder = api.app.get(RefusalRecorder, { strict: false });
    for (let index = 0; index < 80; index += 1) {
      const context = { requestId: String(index), address: `10.0.0.${index}`, actor: null };
      recorder.record(context, { action: 'test.refused', resourceType: 'test', resourceId: 'x', outcome: 'DENIED' });
    }
    await expect.poll(async () => (await auditEvents(api, 'test.refused', 'DENIED')).length).toBe(50);
    await expect
      .poll(async () => (await refusalsOf('several')).map(({ detail }) => detail), { timeout: 5_000 })
      .toEqual([{ repeats: 30 }]);
  });
});

describe('several api processes', () => {
  it('hear at once of a revoked key that they had cached', async () => {
    const other = await startAuthApi({ NESTOR_CREDENTIAL_CACHE_MS: '60000' }, api.settings.DATABASE_URL);
    try {
      const key = await createKey(api, ['MODEL_READ']);
      const query = '{ me { email } }';
      expect((await other.send(query, {}, bearer(key))).errors).toEqual([]);
      const { createApiKey } = await api.ask<{ createApiKey: { apiKey: { id: string } } }>(
        'mutation { createApiKey(input: { name: "x", permissions: [MODEL_READ] }) { apiKey { id } } }',
        {},
        admin,
      );
      const [row] = await api.database.query<{ id: string }[]>(
        'SELECT id FROM api_keys WHERE id <> $1 ORDER BY created_at DESC LIMIT 1',
        [createApiKey.apiKey.id],
      );
      await api.ask('mutation Revoke($id: ID!) { revokeApiKey(id: $id) { id } }', { id: row?.id }, admin);
      await expect
        .poll(async () => (await other.send(query, {}, bearer(key))).errors[0]?.extensions.code, { timeout: 5_000 })
        .toBe('UNAUTHENTICATED');
    } finally {
      await other.close();
    }
  });

  it('refuse a user disabled behind their backs within the bound of the cache', async () => {
    const other = await startAuthApi({ NESTOR_CREDENTIAL_CACHE_MS: '300' }, api.settings.DATABASE_URL);
    try {
      const user = await addUser(api, 'behind@example.com', 'VIEWER');
      const ask = async () =>
        (await other.send('{ me { email } }', {}, bearer(user.accessToken))).errors[0]?.extensions.code;
      expect(await ask()).toBeUndefined();
      await api.database.query('UPDATE memberships SET disabled_at = now() WHERE user_id = $1', [user.user.id]);
      await expect.poll(ask, { timeout: 5_000 }).toBe('UNAUTHENTICATED');
    } finally {
      await other.close();
    }
  });

  it('work without a cache, too', async () => {
    const other = await startAuthApi({ NESTOR_CREDENTIAL_CACHE_MS: '0' }, api.settings.DATABASE_URL);
    try {
      const user = await addUser(api, 'uncached@example.com', 'VIEWER');
      const ask = async () =>
        (await other.send('{ me { email } }', {}, bearer(user.accessToken))).errors[0]?.extensions.code;
      expect(await ask()).toBeUndefined();
      await api.database.query('UPDATE memberships SET disabled_at = now() WHERE user_id = $1', [user.user.id]);
      expect(await ask()).toBe('UNAUTHENTICATED');
    } finally {
      await other.close();
    }
  });
});

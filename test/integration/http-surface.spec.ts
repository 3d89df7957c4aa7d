import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApi, type TestApi } from '../support/api.js';

const STUDIO = 'https://studio.example.com';

let api: TestApi;
let open: TestApi;
beforeAll(async () => {
  api = await startTestApi({ NESTOR_INTROSPECTION: 'false', NESTOR_EXPLORER: 'false' });
  open = await startTestApi({ NESTOR_CORS_ORIGINS: STUDIO });
});
afterAll(async () => {
  await api.close();
  await open.close();
});

const post = (body: unknown, headers: Record<string, string> = {}, at = open) =>
  fetch(`${at.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

const requestIdFor = async (given: string) =>
  (await post({ query: '{ __typename }' }, { 'x-request-id': given })).headers.get('x-request-id');

describe('the explorer', () => {
  it('is what a browser gets at /graphql, with all of its files from this server', async () => {
    const page = await fetch(`${open.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).toContain('text/html');
    const files = [...(await page.text()).matchAll(/(?:src|href)="(\/graphql\/explorer\/[^"]+)"/g)].map(
      ([, path]) => path,
    );
    expect(files).toHaveLength(5);
    for (const path of files) {
      const file = await fetch(`${open.url}${path}`);
      expect([path, file.status]).toEqual([path, 200]);
      expect((await file.text()).length).toBeGreaterThan(500);
    }
  });

  it('has no other file, and can be switched off', async () => {
    const strange = await fetch(`${open.url}/graphql/explorer/package.json`);
    expect([strange.status, await strange.json()]).toMatchObject([404, { error: { code: 'NOT_FOUND' } }]);
    expect((await fetch(`${api.url}/graphql/explorer/react.js`)).status).toBe(404);
    const page = await fetch(`${api.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(page.headers.get('content-type')).not.toContain('text/html');
  });
});

describe('the public port', () => {
  it('answers unknown routes with a code and has neither metrics nor health', async () => {
    for (const path of ['/nothing', '/metrics', '/health/ready']) {
      const answer = await fetch(`${open.url}${path}`);
      expect([path, answer.status, await answer.json()]).toMatchObject([path, 404, { error: { code: 'NOT_FOUND' } }]);
    }
  });

  it('echoes a request id that is safe, and makes one of its own otherwise', async () => {
    expect(await requestIdFor('job-17.retry_2')).toBe('job-17.retry_2');
    expect(await requestIdFor('two words')).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('sets the secure headers', async () => {
    const { headers } = await post({ query: '{ __typename }' });
    expect(headers.get('content-security-policy')).toContain("default-src 'self'");
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('x-frame-options')).toBe('DENY');
  });

  it('lets only the allowed origins call from another site', async () => {
    const from = (origin: string, at: TestApi) =>
      post({ query: '{ __typename }' }, { origin, 'sec-fetch-site': 'cross-site' }, at);
    const allowed = await from(STUDIO, open);
    expect([allowed.status, allowed.headers.get('access-control-allow-origin')]).toEqual([200, STUDIO]);
    for (const [origin, at] of [
      ['https://evil.example.com', open],
      [STUDIO, api],
    ] as const) {
      const refused = await from(origin, at);
      expect([refused.status, await refused.json()]).toMatchObject([403, { error: { code: 'CROSS_SITE_REQUEST' } }]);
    }
    const old = await post({ query: '{ __typename }' }, { origin: 'https://evil.example.com' });
    expect(old.status).toBe(403);
    expect((await post({ query: '{ __typename }' }, { origin: open.url })).status).toBe(200);
  });

  it('refuses what a simple form of another site could send', async () => {
    const answer = await post('query={__typename}', { 'content-type': 'text/plain' });
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });

  it('says nothing of the schema where introspection is off', async () => {
    const answer = (await (await post({ query: '{ __schema { types { name } } }' }, {}, api)).json()) as {
      errors: unknown[];
    };
    expect(answer.errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
    const misspelt = await (await post({ query: '{ serverInf { name } }' }, {}, api)).text();
    expect(misspelt).not.toContain('Did you mean');
  });

  it('takes persisted queries', async () => {
    const query = '{ kind: __typename }';
    const sha256Hash = createHash('sha256').update(query).digest('hex');
    const extensions = { persistedQuery: { version: 1, sha256Hash } };
    expect(await (await post({ extensions })).json()).toMatchObject({
      errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
    });
    await post({ query, extensions });
    expect(await (await post({ extensions })).json()).toEqual({ data: { kind: 'Query' } });
  });
});

describe('the management port', () => {
  it('tells that the process lives, and that it is not ready without an executor', async () => {
    const live = await fetch(`${open.managementUrl}/health/live`);
    expect([live.status, await live.json()]).toEqual([200, { status: 'ok' }]);
    const ready = await fetch(`${open.managementUrl}/health/ready`);
    expect([ready.status, await ready.json()]).toEqual([
      503,
      { status: 'unavailable', checks: { database: 'ok', executors: 'no executor is ready' } },
    ]);
  });

  it('serves metrics of ours and of the process', async () => {
    const text = await (await fetch(`${open.managementUrl}/metrics`)).text();
    expect(text).toContain('# TYPE nestor_inference_duration_seconds histogram');
    expect(text).toContain('# TYPE process_resident_memory_bytes gauge');
  });
});

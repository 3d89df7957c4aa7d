import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditEvents, type AuthApi, startAuthApi } from '../support/auth.js';
import type { Headers } from '../support/graphql.js';

let api: AuthApi;
let admin: Headers;
beforeAll(async () => {
  api = await startAuthApi();
  admin = { 'x-api-key': api.admin.apiKey ?? '' };
});
afterAll(() => api.close());

describe('a mutation that fails', () => {
  it('leaves an event under its own name, whatever alias it was called by', async () => {
    const id = randomUUID();
    const answer = await api.send('mutation ($id: ID!) { anything: revokeApiKey(id: $id) { id } }', { id }, admin);
    expect(answer.errors[0]?.extensions.code).toBe('NOT_FOUND');
    const events = await auditEvents(api, 'mutation.failed', 'FAILURE');
    expect(events).toEqual([expect.objectContaining({ resource_id: 'revokeApiKey', error_code: 'NOT_FOUND' })]);
  });

  it('leaves none when it was a query, or is recorded where it was refused', async () => {
    const before = await auditEvents(api, 'mutation.failed', 'FAILURE');
    await api.send('{ users(first: 100000) { edges { cursor } } }', {}, admin);
    await api.send(
      'mutation { signIn(input: { email: "nobody@example.com", password: "wrong password" }) { accessToken } }',
    );
    expect(await auditEvents(api, 'mutation.failed', 'FAILURE')).toHaveLength(before.length);
  });
});

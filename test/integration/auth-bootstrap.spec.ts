import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { auditEvents, type AuthApi, bearer, signIn, startAuthApi } from '../support/auth.js';

let api: AuthApi;
beforeAll(async () => {
  api = await startAuthApi();
});
afterAll(() => api.close());

describe('the first workspace and administrator', () => {
  it('are made with a random password and an API key that may do everything', async () => {
    expect(api.admin).toMatchObject({
      workspaceSlug: 'default',
      email: 'admin@example.com',
      password: expect.stringMatching(/^[0-9A-Za-z]{24}$/),
      apiKey: expect.stringMatching(/^nst_[0-9A-Za-z]{36}$/),
    });
    const session = await signIn(api, api.admin.email, api.admin.password ?? '');
    expect(session.user).toMatchObject({ id: api.admin.userId, role: 'ADMIN' });
    const { apiKeys } = await api.ask<{ apiKeys: { edges: { node: Record<string, unknown> }[] } }>(
      '{ apiKeys { edges { node { name permissions } } } }',
      {},
      { 'x-api-key': api.admin.apiKey ?? '' },
    );
    expect(apiKeys.edges).toHaveLength(1);
    expect(apiKeys.edges[0]?.node).toMatchObject({
      name: 'default',
      permissions: expect.arrayContaining(['AUDIT_READ']),
    });
  });

  it('are made once, and their secrets are told once', async () => {
    const again = await api.bootstrap.createFirstWorkspaceAndAdmin({ email: 'someone-else@example.com' });
    expect(again).toEqual({ ...api.admin, password: null, apiKey: null });
  });

  it('leave events of what was made', async () => {
    for (const action of ['workspace.create', 'user.create', 'api-key.create']) {
      const events = await auditEvents(api, action, 'SUCCESS');
      expect(events).toHaveLength(1);
      expect(events[0]).toMatchObject({ actor_name: 'bootstrap', workspace_id: api.admin.workspaceId });
    }
  });

  it('are made by one of many that try at once, and half of them never', async () => {
    await api.database.query('TRUNCATE workspaces, users CASCADE');
    const made = await Promise.all(
      Array.from({ length: 5 }, () => api.bootstrap.createFirstWorkspaceAndAdmin({ email: 'admin@example.com' })),
    );
    expect(made.filter(({ password }) => password !== null)).toHaveLength(1);
    expect(new Set(made.map(({ workspaceId }) => workspaceId)).size).toBe(1);
    for (const table of ['workspaces', 'users', 'memberships', 'api_keys']) {
      const [row] = await api.database.query<{ count: number }[]>(`SELECT count(*)::int FROM ${table}`);
      expect(row?.count).toBe(1);
    }
  });
});

describe('resetting the administrator’s password', () => {
  it('gives a new password and key, and ends all sessions', async () => {
    const first = await api.bootstrap.resetAdminPassword('ADMIN@example.com');
    const session = await signIn(api, 'admin@example.com', first.password ?? '');
    const second = await api.bootstrap.resetAdminPassword('admin@example.com');
    expect(second.password).not.toBe(first.password);
    const answer = await api.send('{ me { email } }', {}, bearer(session.accessToken));
    expect(answer.errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    await signIn(api, 'admin@example.com', second.password ?? '');
    await api.ask('{ users { edges { cursor } } }', {}, { 'x-api-key': second.apiKey ?? '' });
    expect(await auditEvents(api, 'user.reset-password', 'SUCCESS')).toHaveLength(2);
  });

  it('is for administrators only', async () => {
    await expect(api.bootstrap.resetAdminPassword('nobody@example.com')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('is not for a workspace that somebody left without administrators', async () => {
    await api.database.query(`UPDATE memberships SET role = 'VIEWER'`);
    await expect(api.bootstrap.createFirstWorkspaceAndAdmin({ email: 'x@example.com' })).rejects.toThrow(
      'has no active administrator',
    );
  });
});

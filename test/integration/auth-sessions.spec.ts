import { randomUUID } from 'node:crypto';
import { hash } from '@node-rs/argon2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  addUser,
  auditEvents,
  type AuthApi,
  bearer,
  PASSWORD,
  type SessionAnswer,
  SIGN_IN,
  signIn,
  startAuthApi,
} from '../support/auth.js';

let api: AuthApi;
beforeAll(async () => {
  api = await startAuthApi();
});
afterAll(() => api.close());

const REFRESH = `mutation Refresh($token: String!) {
  refreshSession(refreshToken: $token) { accessToken refreshToken user { id email role } }
}`;

const refresh = (token: string) => api.send<{ refreshSession: SessionAnswer }>(REFRESH, { token });

async function refreshed(token: string): Promise<SessionAnswer> {
  return (await api.ask<{ refreshSession: SessionAnswer }>(REFRESH, { token })).refreshSession;
}

const codeOf = async (query: string, accessToken: string, variables = {}) =>
  (await api.send(query, variables, bearer(accessToken))).errors[0]?.extensions.code;

const meCode = (accessToken: string) => codeOf('{ me { email } }', accessToken);

describe('signing in', () => {
  it('answers a session that works, whatever the case of the e-mail', async () => {
    const session = await signIn(api, 'ADMIN@example.com', api.admin.password ?? '');
    expect(session).toMatchObject({
      accessToken: expect.stringMatching(/^eyJ/),
      refreshToken: expect.stringMatching(/^nsr_[0-9A-Za-z]{43}$/),
      user: { email: 'admin@example.com', role: 'ADMIN' },
    });
    const answer = await api.ask('{ me { email permissions workspace { slug } } }', {}, bearer(session.accessToken));
    expect(answer).toMatchObject({
      me: {
        email: 'admin@example.com',
        workspace: { slug: 'default' },
        permissions: expect.arrayContaining(['MODEL_READ', 'API_KEY_MANAGE']),
      },
    });
    const [event] = await auditEvents(api, 'session.sign-in', 'SUCCESS');
    expect(event).toMatchObject({ actor_name: 'admin@example.com', workspace_id: api.admin.workspaceId });
  });

  it.each([
    ['a wrong password', 'admin@example.com', 'not the password at all'],
    ['an unknown account', 'nobody@example.com', PASSWORD],
  ])('refuses %s with the same answer, and says so in the trail', async (_, email, password) => {
    const answer = await api.send(SIGN_IN, { input: { email, password } });
    expect(answer.errors[0]).toMatchObject({
      message: 'E-mail and password do not match an active account.',
      extensions: { code: 'INVALID_CREDENTIALS' },
    });
    const events = await auditEvents(api, 'session.sign-in', 'FAILURE');
    expect(events.at(-1)).toMatchObject({ workspace_id: api.admin.workspaceId, error_code: 'INVALID_CREDENTIALS' });
    expect(events.at(-1)?.detail).toEqual({ email });
  });

  it('stores neither passwords nor tokens, and no password in the trail', async () => {
    const session = await addUser(api, 'canary@example.com', 'VIEWER');
    for (const table of ['users', 'sessions', 'refresh_tokens', 'api_keys', 'audit_events']) {
      const rows = JSON.stringify(await api.database.query(`SELECT * FROM ${table}`));
      for (const secret of [PASSWORD, session.refreshToken, session.accessToken, api.admin.apiKey ?? 'none']) {
        expect(rows).not.toContain(secret);
      }
    }
  });

  it('replaces a hash that is weaker than today’s', async () => {
    const { user } = await addUser(api, 'weak@example.com', 'VIEWER');
    const weak = await hash(PASSWORD, { memoryCost: 4_096, timeCost: 1 });
    await api.database.query('UPDATE users SET password_hash = $1 WHERE id = $2', [weak, user.id]);
    await signIn(api, 'weak@example.com', PASSWORD);
    const [row] = await api.database.query<{ password_hash: string }[]>(
      'SELECT password_hash FROM users WHERE id = $1',
      [user.id],
    );
    expect(row?.password_hash).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    await signIn(api, 'weak@example.com', PASSWORD);
  });

  it('asks a member of several workspaces to name one', async () => {
    const { user } = await addUser(api, 'several@example.com', 'VIEWER');
    const other = randomUUID();
    await api.database.query(`INSERT INTO workspaces VALUES ($1, 'Other', 'other', now())`, [other]);
    await api.database.query(`INSERT INTO memberships VALUES ($1, $2, 'ADMIN', NULL, now())`, [other, user.id]);
    const unnamed = await api.send(SIGN_IN, { input: { email: 'several@example.com', password: PASSWORD } });
    expect(unnamed.errors[0]?.extensions.code).toBe('INVALID_INPUT');
    expect(unnamed.errors[0]?.message).toContain('default, other');
    expect((await signIn(api, 'several@example.com', PASSWORD, 'other')).user.role).toBe('ADMIN');
    expect((await signIn(api, 'several@example.com', PASSWORD, 'default')).user.role).toBe('VIEWER');
    const input = { email: 'several@example.com', password: PASSWORD, workspace: 'third' };
    expect((await api.send(SIGN_IN, { input })).errors[0]?.extensions.code).toBe('INVALID_CREDENTIALS');
    await api.database.query('DELETE FROM refresh_tokens WHERE workspace_id = $1', [other]);
    await api.database.query('DELETE FROM sessions WHERE workspace_id = $1', [other]);
    await api.database.query('DELETE FROM memberships WHERE workspace_id = $1', [other]);
    await api.database.query('DELETE FROM workspaces WHERE id = $1', [other]);
  });

  it('refuses what is no e-mail before anything else', async () => {
    const answer = await api.send(SIGN_IN, { input: { email: 'x', password: 'y' } });
    expect(answer.errors[0]).toMatchObject({
      extensions: { code: 'INVALID_INPUT' },
      message: expect.stringContaining('email: must be an e-mail address'),
    });
  });
});

describe('refreshing', () => {
  it('gives a fresh pair once', async () => {
    const first = await addUser(api, 'refresh@example.com', 'VIEWER');
    const second = await refreshed(first.refreshToken);
    expect(second.refreshToken).not.toBe(first.refreshToken);
    expect(await meCode(second.accessToken)).toBeUndefined();
    const third = await refreshed(second.refreshToken);
    expect(third.user).toEqual(first.user);
    expect(await auditEvents(api, 'session.refresh', 'SUCCESS')).toHaveLength(2);
  });

  it('ends the session when a token is used again, access tokens included', async () => {
    const first = await addUser(api, 'reuse@example.com', 'VIEWER');
    const second = await refreshed(first.refreshToken);
    expect(await meCode(second.accessToken)).toBeUndefined();
    expect((await refresh(first.refreshToken)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await refresh(second.refreshToken)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await meCode(second.accessToken)).toBe('UNAUTHENTICATED');
    expect(await meCode(first.accessToken)).toBe('UNAUTHENTICATED');
    expect(await auditEvents(api, 'session.reuse', 'DENIED')).toHaveLength(1);
  });

  it('lets one of 50 at once win, and then ends the session', async () => {
    const session = await addUser(api, 'parallel@example.com', 'VIEWER');
    const answers = await Promise.all(Array.from({ length: 50 }, () => refresh(session.refreshToken)));
    const winners = answers.filter(({ errors }) => errors.length === 0);
    expect(winners).toHaveLength(1);
    const codes = answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code));
    expect(new Set(codes)).toEqual(new Set(['UNAUTHENTICATED']));
    const won = winners[0]?.data?.refreshSession.refreshToken ?? '';
    expect((await refresh(won)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    const [count] = await api.database.query<{ count: number }[]>(
      `SELECT count(*)::int FROM refresh_tokens token JOIN sessions session ON session.id = token.session_id
       WHERE session.user_id = $1`,
      [session.user.id],
    );
    expect(count?.count).toBe(2);
  });

  it('refuses expired tokens without ending the session, and texts that are no tokens', async () => {
    const session = await addUser(api, 'expired@example.com', 'VIEWER');
    await api.database.query(
      `UPDATE refresh_tokens SET expires_at = now() - interval '1 second'
       WHERE session_id IN (SELECT id FROM sessions WHERE user_id = $1)`,
      [session.user.id],
    );
    expect((await refresh(session.refreshToken)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await meCode(session.accessToken)).toBeUndefined();
    for (const text of ['', 'nsr_', session.accessToken, `nsr_${'a'.repeat(43)}`, "' OR 1=1 --"]) {
      expect((await refresh(text)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    }
  });
});

describe('signing out', () => {
  it('ends the session at once, and only that one', async () => {
    const first = await addUser(api, 'out@example.com', 'VIEWER');
    const second = await signIn(api, 'out@example.com', PASSWORD);
    await api.ask('mutation { signOut }', {}, bearer(first.accessToken));
    expect(await meCode(first.accessToken)).toBe('UNAUTHENTICATED');
    expect((await refresh(first.refreshToken)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect(await meCode(second.accessToken)).toBeUndefined();
    const [event] = await auditEvents(api, 'session.sign-out', 'SUCCESS');
    expect(event).toMatchObject({ actor_name: 'out@example.com' });
  });

  it('tells an API key that it has no session', async () => {
    const answer = await api.send('mutation { signOut }', {}, { 'x-api-key': api.admin.apiKey ?? '' });
    expect(answer.errors[0]?.extensions.code).toBe('CONFLICT');
  });
});

describe('changing the password', () => {
  const CHANGE = 'mutation Change($input: ChangePasswordInput!) { changePassword(input: $input) }';
  const next = 'another password, longer';

  it('takes the old one, ends the other sessions and keeps this one', async () => {
    const session = await addUser(api, 'change@example.com', 'VIEWER');
    const other = await signIn(api, 'change@example.com', PASSWORD);
    const change = { input: { currentPassword: PASSWORD, newPassword: next } };
    expect(await codeOf(CHANGE, session.accessToken, { input: { currentPassword: next, newPassword: next } })).toBe(
      'INVALID_CREDENTIALS',
    );
    await api.ask(CHANGE, change, bearer(session.accessToken));
    expect(await meCode(session.accessToken)).toBeUndefined();
    expect(await meCode(other.accessToken)).toBe('UNAUTHENTICATED');
    const old = await api.send(SIGN_IN, { input: { email: 'change@example.com', password: PASSWORD } });
    expect(old.errors[0]?.extensions.code).toBe('INVALID_CREDENTIALS');
    await signIn(api, 'change@example.com', next);
  });

  it('refuses a short one, and API keys', async () => {
    const session = await addUser(api, 'short@example.com', 'VIEWER');
    const short = { input: { currentPassword: PASSWORD, newPassword: 'short' } };
    expect(await codeOf(CHANGE, session.accessToken, short)).toBe('INVALID_INPUT');
    const change = { input: { currentPassword: PASSWORD, newPassword: next } };
    const byKey = await api.send(CHANGE, change, { 'x-api-key': api.admin.apiKey ?? '' });
    expect(byKey.errors[0]?.extensions.code).toBe('FORBIDDEN');
  });
});

describe('sessions that ended', () => {
  it('are forgotten after a week with their tokens, as are the old tokens of those that go on', async () => {
    const { user } = await addUser(api, 'sweep@example.com', 'VIEWER');
    const kept = await addUser(api, 'kept@example.com', 'VIEWER');
    await api.database.query(`UPDATE sessions SET expires_at = now() - interval '8 days' WHERE user_id = $1`, [
      user.id,
    ]);
    const next = await refreshed(kept.refreshToken);
    await api.database.query(
      `UPDATE refresh_tokens SET expires_at = now() - interval '8 days' WHERE used_at IS NOT NULL`,
    );
    await api.sweepSessions();
    const used = await api.database.query('SELECT hash FROM refresh_tokens WHERE used_at IS NOT NULL');
    expect(used).toEqual([]);
    await refreshed(next.refreshToken);
    const rows = await api.database.query('SELECT id FROM sessions WHERE user_id = $1', [user.id]);
    expect(rows).toEqual([]);
    expect(await meCode(kept.accessToken)).toBeUndefined();
  });
});

import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeCursor } from '../../src/common/graphql/page.js';
import {
  addUser,
  auditEvents,
  type AuthApi,
  bearer,
  createKey,
  PASSWORD,
  SIGN_IN,
  signIn,
  startAuthApi,
} from '../support/auth.js';
import type { Headers } from '../support/graphql.js';

let api: AuthApi;
let admin: Headers;
beforeAll(async () => {
  api = await startAuthApi();
  admin = { 'x-api-key': api.admin.apiKey ?? '' };
});
afterAll(() => api.close());

const CREATE = `mutation Create($input: CreateUserInput!) {
  createUser(input: $input) { id email displayName role disabledAt permissions workspace { id } }
}`;
const SET_ROLE = 'mutation SetRole($input: SetUserRoleInput!) { setUserRole(input: $input) { id role } }';
const DISABLE = `mutation Disable($id: ID!, $keys: Boolean) {
  disableUser(id: $id, revokeApiKeys: $keys) { id disabledAt }
}`;
const ENABLE = 'mutation Enable($id: ID!) { enableUser(id: $id) { id disabledAt } }';
const ME = '{ me { id email role } }';

const codeOf = async (query: string, variables: Record<string, unknown>, headers: Headers = admin) =>
  (await api.send(query, variables, headers)).errors[0]?.extensions.code;

const inputOf = (email: string, changed: Record<string, unknown> = {}) => ({
  input: { email, role: 'VIEWER', password: PASSWORD, ...changed },
});

describe('creating users', () => {
  it('makes an account that can sign in, and says so in the trail', async () => {
    const answer = await api.ask<{ createUser: { id: string } }>(CREATE, inputOf('Ada@Example.com'), admin);
    expect(answer.createUser).toMatchObject({
      email: 'ada@example.com',
      displayName: 'ada',
      role: 'VIEWER',
      disabledAt: null,
      permissions: ['WORKSPACE_READ', 'MODEL_READ', 'INFERENCE_READ', 'DEPLOYMENT_READ', 'DATA_READ', 'EXECUTOR_READ'],
      workspace: { id: api.admin.workspaceId },
    });
    await signIn(api, 'ada@example.com', PASSWORD);
    const events = await auditEvents(api, 'user.create', 'SUCCESS');
    expect(events.at(-1)).toMatchObject({ resource_id: answer.createUser.id, actor_name: 'default' });
  });

  it('refuses an e-mail twice, also of two at once', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => codeOf(CREATE, inputOf('twice@example.com'))));
    expect(answers.filter((code) => code === undefined)).toHaveLength(1);
    expect(answers.filter((code) => code === 'ALREADY_EXISTS')).toHaveLength(2);
    expect(await codeOf(CREATE, inputOf('TWICE@example.com'))).toBe('ALREADY_EXISTS');
  });

  it.each([
    ['no e-mail', { email: 'nonsense' }],
    ['a short password', { password: 'short' }],
    ['the e-mail as password', { password: 'bad@example.com' }],
    ['a zero character in the name', { displayName: 'a\0b' }],
    ['a long name', { displayName: 'x'.repeat(201) }],
    ['an enormous password', { password: 'x'.repeat(100_000) }],
  ])('refuses %s', async (_, changed) => {
    expect(await codeOf(CREATE, inputOf('bad@example.com', changed))).toBe('INVALID_INPUT');
  });

  it('needs the permission', async () => {
    const viewer = await addUser(api, 'viewer@example.com', 'VIEWER');
    expect(await codeOf(CREATE, inputOf('new@example.com'), bearer(viewer.accessToken))).toBe('FORBIDDEN');
    expect(await codeOf(CREATE, inputOf('new@example.com'), {})).toBe('UNAUTHENTICATED');
  });
});

describe('listing users', () => {
  it('pages through all of them in the order of their e-mails', async () => {
    for (const name of ['c', 'a', 'b']) await api.ask(CREATE, inputOf(`list-${name}@example.com`), admin);
    const LIST = `query List($after: String) {
      users(first: 2, after: $after) { edges { node { email } } pageInfo { hasNextPage endCursor } }
    }`;
    const emails: string[] = [];
    let after: string | null = null;
    do {
      const { users }: { users: UsersPage } = await api.ask(LIST, { after }, admin);
      expect(users.edges.length).toBeLessThanOrEqual(2);
      emails.push(...users.edges.map(({ node }) => node.email));
      after = users.pageInfo.hasNextPage ? users.pageInfo.endCursor : null;
    } while (after !== null);
    expect(emails).toEqual([...new Set(emails)].sort());
    expect(emails).toEqual(expect.arrayContaining(['admin@example.com', 'list-a@example.com', 'list-c@example.com']));
  });

  it('refuses foreign cursors and pages that are too large', async () => {
    const LIST = 'query List($first: Int, $after: String) { users(first: $first, after: $after) { edges { cursor } } }';
    for (const after of ['x', encodeCursor([1]), encodeCursor(['a', 'b']), encodeCursor(['a\0b'])]) {
      expect(await codeOf(LIST, { after })).toBe('INVALID_CURSOR');
    }
    expect(await codeOf(LIST, { first: 100_000 })).toBe('INVALID_INPUT');
    expect(await codeOf(LIST, { first: 0 })).toBe('INVALID_INPUT');
  });
});

interface UsersPage {
  readonly edges: readonly { readonly node: { readonly email: string } }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

describe('roles', () => {
  it('change at once for sessions that are open', async () => {
    const user = await addUser(api, 'promoted@example.com', 'VIEWER');
    const headers = bearer(user.accessToken);
    expect(await codeOf('{ users { edges { cursor } } }', {}, headers)).toBe('FORBIDDEN');
    await api.ask(SET_ROLE, { input: { id: user.user.id, role: 'AUDITOR' } }, admin);
    expect(await codeOf('{ users { edges { cursor } } }', {}, headers)).toBeUndefined();
    expect(await api.ask(ME, {}, headers)).toMatchObject({ me: { role: 'AUDITOR' } });
  });

  it('leave the last active administrator theirs', async () => {
    const { userId } = api.admin;
    expect(await codeOf(SET_ROLE, { input: { id: userId, role: 'VIEWER' } })).toBe('CONFLICT');
    expect(await codeOf(DISABLE, { id: userId })).toBe('CONFLICT');
    // A disabled administrator does not count.
    const other = await addUser(api, 'other-admin@example.com', 'ADMIN');
    await api.ask(DISABLE, { id: other.user.id }, admin);
    expect(await codeOf(DISABLE, { id: userId })).toBe('CONFLICT');
    expect(await codeOf(SET_ROLE, { input: { id: userId, role: 'ADMIN' } })).toBeUndefined();
  });

  it('leave one administrator when all are removed at the same moment', async () => {
    const others = await Promise.all([1, 2, 3, 4].map((count) => addUser(api, `admin-${count}@example.com`, 'ADMIN')));
    const ids = [api.admin.userId, ...others.map(({ user }) => user.id)];
    const codes = await Promise.all(
      ids.map((id, index) =>
        index % 2 === 0 ? codeOf(DISABLE, { id }) : codeOf(SET_ROLE, { input: { id, role: 'VIEWER' } }),
      ),
    );
    expect(codes.filter((code) => code === undefined)).toHaveLength(ids.length - 1);
    expect(codes.filter((code) => code === 'CONFLICT')).toHaveLength(1);
    await api.database.query(`UPDATE memberships SET role = 'ADMIN', disabled_at = NULL WHERE user_id = $1`, [
      api.admin.userId,
    ]);
  });

  it('cannot be given, nor taken, by a key with fewer permissions', async () => {
    const key = await createKey(api, ['USER_MANAGE', 'USER_READ', 'MODEL_READ']);
    const headers = { 'x-api-key': key };
    expect(await codeOf(CREATE, inputOf('escalated@example.com', { role: 'ADMIN' }), headers)).toBe('FORBIDDEN');
    const viewer = await addUser(api, 'to-escalate@example.com', 'VIEWER');
    expect(await codeOf(SET_ROLE, { input: { id: viewer.user.id, role: 'ADMIN' } }, headers)).toBe('FORBIDDEN');
    expect(await codeOf(DISABLE, { id: api.admin.userId }, headers)).toBe('FORBIDDEN');
  });
});

describe('disabling a user', () => {
  it('ends their sessions at once and keeps them out, until they are enabled again', async () => {
    const user = await addUser(api, 'disabled@example.com', 'VIEWER');
    const headers = bearer(user.accessToken);
    expect(await codeOf(ME, {}, headers)).toBeUndefined();
    const { disableUser } = await api.ask<{ disableUser: { disabledAt: string } }>(
      DISABLE,
      { id: user.user.id },
      admin,
    );
    expect(Date.parse(disableUser.disabledAt)).toBeGreaterThan(0);
    expect(await codeOf(ME, {}, headers)).toBe('UNAUTHENTICATED');
    const REFRESH = 'mutation Refresh($token: String!) { refreshSession(refreshToken: $token) { accessToken } }';
    expect(await codeOf(REFRESH, { token: user.refreshToken }, {})).toBe('UNAUTHENTICATED');
    const again = { input: { email: 'disabled@example.com', password: PASSWORD } };
    expect(await codeOf(SIGN_IN, again, {})).toBe('INVALID_CREDENTIALS');
    expect(await api.ask(ENABLE, { id: user.user.id }, admin)).toMatchObject({ enableUser: { disabledAt: null } });
    await signIn(api, 'disabled@example.com', PASSWORD);
    expect(await codeOf(ME, {}, headers)).toBe('UNAUTHENTICATED');
  });

  it('leaves their API keys, unless asked', async () => {
    const user = await addUser(api, 'key-owner@example.com', 'ADMIN');
    const key = await createKey(api, ['MODEL_READ'], bearer(user.accessToken));
    const headers = { 'x-api-key': key };
    await api.ask(DISABLE, { id: user.user.id }, admin);
    expect(await api.ask(ME, {}, headers)).toMatchObject({ me: { email: 'key-owner@example.com' } });
    await api.ask(DISABLE, { id: user.user.id, keys: true }, admin);
    expect(await codeOf(ME, {}, headers)).toBe('UNAUTHENTICATED');
  });
});

describe('users of other workspaces', () => {
  it('do not exist here', async () => {
    const [workspaceId, userId] = [randomUUID(), randomUUID()];
    await api.database.query(`INSERT INTO workspaces VALUES ($1, 'Foreign', 'foreign', now())`, [workspaceId]);
    await api.database.query(`INSERT INTO users VALUES ($1, 'foreign@example.com', 'Foreign', 'none', now())`, [
      userId,
    ]);
    await api.database.query(`INSERT INTO memberships VALUES ($1, $2, 'VIEWER', NULL, now())`, [workspaceId, userId]);
    for (const id of [userId, randomUUID()]) {
      expect(await codeOf(SET_ROLE, { input: { id, role: 'VIEWER' } })).toBe('NOT_FOUND');
      expect(await codeOf(DISABLE, { id })).toBe('NOT_FOUND');
      expect(await codeOf(ENABLE, { id })).toBe('NOT_FOUND');
    }
    expect(await codeOf(DISABLE, { id: 'no uuid' })).toBe('NOT_FOUND');
    const { users } = await api.ask<{ users: UsersPage }>(
      '{ users(first: 200) { edges { node { email } } } }',
      {},
      admin,
    );
    expect(users.edges.map(({ node }) => node.email)).not.toContain('foreign@example.com');
  });
});

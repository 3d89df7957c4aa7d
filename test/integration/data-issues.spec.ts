import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrap } from '../../src/bootstrap.js';
import type { DataIssueFinding, DataIssueScope } from '../../src/modules/feature-store/issues/data-issue.js';
import { DataIssues } from '../../src/modules/feature-store/issues/data-issues.js';
import { startTestApi, type TestApi } from '../support/api.js';
import { ask, type Headers, send } from '../support/graphql.js';
import { connect } from '../support/subscriptions.js';

const ISSUE = 'id kind status subjectType subject aspect message evidence acknowledgedBy note resolvedAt';
const LIST = `query ($filter: DataIssueFilter, $first: Int, $after: String) {
  dataIssues(filter: $filter, first: $first, after: $after) { edges { node { ${ISSUE} } } pageInfo { endCursor } } }`;
const READ = `query ($id: ID!) { dataIssue(id: $id) { ${ISSUE} } }`;
const ACKNOWLEDGE = `mutation ($id: ID!, $note: String) {
  acknowledgeDataIssue(input: { id: $id, note: $note }) { ${ISSUE} } }`;

interface Issue {
  readonly id: string;
  readonly status: string;
  readonly aspect: string;
  readonly message: string;
}
interface Listed {
  readonly dataIssues: { edges: { node: Issue }[]; pageInfo: { endCursor: string } };
}

let api: TestApi;
let key: Headers;
let workspaceId: string;
let issues: DataIssues;
beforeAll(async () => {
  api = await startTestApi();
  const first = await bootstrap(api.settings, pino({ level: 'silent' }), { resetAdminPassword: false });
  key = { 'x-api-key': first.apiKey ?? '' };
  issues = api.app.get(DataIssues, { strict: false });
  const rows: readonly { id: string }[] = await api.app.get(DataSource).query('SELECT id FROM workspaces');
  workspaceId = rows[0]?.id ?? '';
});
afterAll(() => api.close());

const scopeOf = (subjectName: string, more: Partial<DataIssueScope> = {}): DataIssueScope => ({
  workspaceId,
  kind: 'PARITY',
  subjectType: 'feature-view',
  subjectId: randomUUID(),
  subjectName,
  ...more,
});
const finding = (aspect: string, message = 'It is wrong.'): DataIssueFinding => ({
  aspect,
  message,
  evidence: { aspect },
});

const list = async (variables: Readonly<Record<string, unknown>> = {}) =>
  (await ask<Listed>(api.url, LIST, variables, key)).dataIssues;
const issuesOf = async (subject: string): Promise<Issue[]> =>
  (await list({ first: 100 })).edges
    .map(({ node }) => node)
    .filter((node) => 'subject' in node && node.subject === subject);
const codeOf = async (query: string, variables: Readonly<Record<string, unknown>>) =>
  (await send(api.url, query, variables, key)).errors[0]?.extensions.code;

describe('data issues', () => {
  it('are opened once, keep the newest evidence, and are resolved when they are no longer found', async () => {
    const scope = scopeOf('profile');
    await Promise.all([1, 2, 3].map(() => issues.report(scope, [finding('age'), finding('name')])));
    const opened = await issuesOf('profile');
    expect(opened.map(({ aspect, status }) => `${aspect} ${status}`).sort()).toEqual(['age OPEN', 'name OPEN']);
    await issues.report(scope, [finding('age', 'It is worse.')]);
    const after = await issuesOf('profile');
    expect(after.map(({ aspect, status, message }) => `${aspect} ${status}: ${message}`).sort()).toEqual([
      'age OPEN: It is worse.',
      'name RESOLVED: It is wrong.',
    ]);
    await Promise.all([1, 2, 3].map(() => issues.report(scope, [])));
    expect(new Set((await issuesOf('profile')).map(({ status }) => status))).toEqual(new Set(['RESOLVED']));
    await issues.report(scope, [finding('age')]);
    expect(await issuesOf('profile')).toHaveLength(3);
    const events: readonly { action: string; count: number }[] = await api.app
      .get(DataSource)
      .query(
        `SELECT action, count(*)::int AS count FROM audit_events WHERE resource_type = 'data-issue' GROUP BY action ORDER BY 1`,
      );
    expect(events).toEqual([
      { action: 'data-issue.open', count: 3 },
      { action: 'data-issue.resolve', count: 2 },
    ]);
  });

  it('are acknowledged with a note, but not once they are resolved', async () => {
    const scope = scopeOf('noted');
    await issues.report(scope, [finding('age')]);
    const [{ id } = { id: '' }] = await issuesOf('noted');
    const { acknowledgeDataIssue } = await ask<{ acknowledgeDataIssue: object }>(
      api.url,
      ACKNOWLEDGE,
      { id, note: 'We know.' },
      key,
    );
    expect(acknowledgeDataIssue).toMatchObject({ status: 'ACKNOWLEDGED', note: 'We know.' });
    await issues.report(scope, []);
    expect(await ask(api.url, READ, { id }, key)).toMatchObject({
      dataIssue: { status: 'RESOLVED', note: 'We know.' },
    });
    expect(await codeOf(ACKNOWLEDGE, { id })).toBe('CONFLICT');
    expect(await codeOf(ACKNOWLEDGE, { id: randomUUID() })).toBe('NOT_FOUND');
    expect(await codeOf(ACKNOWLEDGE, { id: 'x' })).toBe('NOT_FOUND');
    expect(await ask(api.url, READ, { id: 'x' }, key)).toEqual({ dataIssue: null });
  });

  it('are listed by page and by what is asked for, within the workspace', async () => {
    await issues.report(scopeOf('elsewhere', { workspaceId: randomUUID() }), [finding('age')]);
    const source = scopeOf('orders', { kind: 'QUALITY', subjectType: 'data-source' });
    await issues.report(source, [finding('a'), finding('b'), finding('c')]);
    await issues.report(scopeOf('orders'), [finding('parity')]);
    expect(await issuesOf('elsewhere')).toEqual([]);
    const filter = { source: 'orders', kind: 'QUALITY', status: ['OPEN', 'ACKNOWLEDGED'] };
    const first = await list({ filter, first: 2 });
    const second = await list({ filter, first: 2, after: first.pageInfo.endCursor });
    const listed = [...first.edges, ...second.edges].map(({ node }) => node.aspect);
    expect(listed.toSorted()).toEqual(['a', 'b', 'c']);
    expect((await list({ filter: { ...filter, status: ['RESOLVED'] } })).edges).toEqual([]);
    expect(await codeOf(LIST, { after: 'x' })).toBe('INVALID_CURSOR');
  });

  it('are told to subscribers of the workspace as they change', async () => {
    const client = connect(api.url, key);
    const changes = client.iterate<{ dataIssueChanged: Issue }>({
      query: 'subscription { dataIssueChanged { aspect status } }',
    });
    try {
      const scope = scopeOf('told');
      const first = changes.next();
      // The subscription begins some time after it was asked for: something is told until it is heard.
      const telling = new AbortController();
      const told = (async () => {
        for (let attempt = 0; !telling.signal.aborted; attempt += 1) {
          await issues.report(scopeOf('foreign', { workspaceId: randomUUID() }), [finding('foreign')]);
          await issues.report(scope, [finding(`told ${attempt}`)]);
        }
      })();
      expect((await first).value?.data?.dataIssueChanged.aspect).toMatch(/^told/);
      telling.abort();
      await told;
      await issues.report(scope, []);
      const { value } = await changes.next();
      expect(value?.data?.dataIssueChanged.aspect).toMatch(/^told/);
    } finally {
      await changes.return?.();
      await client.dispose();
    }
  });
});

import { randomUUID } from 'node:crypto';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Actor, CallContext } from '../../src/common/access/actor.js';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { encodeCursor } from '../../src/common/graphql/page.js';
import type { AuditEventInput } from '../../src/modules/audit/audit-event.js';
import { AuditTrail } from '../../src/modules/audit/audit-trail.service.js';
import { addUser, type AuthApi, bearer, startAuthApi } from '../support/auth.js';
import { createTestDatabase } from '../support/database.js';
import type { Headers } from '../support/graphql.js';

interface Answer {
  readonly auditEvents: {
    readonly edges: readonly { readonly cursor: string; readonly node: Record<string, unknown> }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

const QUERY = `query Events($first: Int, $after: String, $filter: AuditEventFilter) {
  auditEvents(first: $first, after: $after, filter: $filter) {
    edges { cursor node {
      id occurredAt actor { kind id name } action resourceType resourceId outcome errorCode address requestId detail
      writerId sequence hash
    } }
    pageInfo { hasNextPage endCursor }
  }
}`;

let api: AuthApi;
let admin: Headers;
let ada: Actor;
let eve: Actor;

const contextOf = (actor: Actor): CallContext => ({ requestId: 'r', address: '192.0.2.9', actor });

async function leave(actor: Actor, event: Partial<AuditEventInput>): Promise<void> {
  const whole = { action: 'thing.make', resourceType: 'thing', resourceId: 'one', ...event };
  await api.app.get(AuditTrail).record(contextOf(actor), whole);
}

async function list(
  filter: Record<string, unknown>,
  page: Record<string, unknown> = {},
): Promise<Answer['auditEvents']> {
  return (await api.ask<Answer>(QUERY, { filter, ...page }, admin)).auditEvents;
}

const resources = (answer: Answer['auditEvents']) => answer.edges.map(({ node }) => node['resourceId']);

beforeAll(async () => {
  api = await startAuthApi();
  admin = { 'x-api-key': api.admin.apiKey ?? '' };
  const actor = { role: 'SERVICE', permissions: new Set<never>() } as const;
  const workspaceId = api.admin.workspaceId;
  ada = { ...actor, kind: 'USER', id: randomUUID(), name: 'ada@example.com', workspaceId };
  eve = { ...actor, kind: 'API_KEY', id: randomUUID(), name: 'eve', workspaceId: randomUUID() };
  await leave(ada, { resourceId: 'first', detail: { rows: 3, label: 'a "b"' } });
  await leave(ada, { resourceId: 'second', action: 'thing.unmake', outcome: 'FAILURE', errorCode: 'CONFLICT' });
  await leave(ada, { resourceId: 'third', action: 'thing_make', resourceType: 'other' });
  await leave({ ...ada, id: 'sweeper', name: 'sweeper', kind: 'SYSTEM' }, { resourceId: 'fourth' });
  await leave(eve, { resourceId: 'secret' });
});
afterAll(() => api.close());

describe('auditEvents', () => {
  it('answers all that is known of an event', async () => {
    const { edges } = await list({ resourceId: 'first' });
    expect(edges).toHaveLength(1);
    expect(edges[0]?.node).toEqual({
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-7/) as string,
      occurredAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      actor: { kind: 'USER', id: ada.id, name: 'ada@example.com' },
      action: 'thing.make',
      resourceType: 'thing',
      resourceId: 'first',
      outcome: 'SUCCESS',
      errorCode: null,
      address: '192.0.2.9',
      requestId: 'r',
      detail: { rows: 3, label: 'a "b"' },
      writerId: expect.stringMatching(/^[\da-f-]{36}$/) as string,
      sequence: expect.stringMatching(/^\d+$/) as string,
      hash: expect.stringMatching(/^[\da-f]{64}$/) as string,
    });
  });

  it.each([
    [{ actorName: 'ada@example.com' }, ['third', 'second', 'first']],
    [{ actorName: 'sweeper' }, ['fourth']],
    [{ actorId: 'sweeper' }, ['fourth']],
    [{ action: 'thing.make' }, ['fourth', 'first']],
    [{ action: 'thing.*' }, ['fourth', 'second', 'first']],
    [{ action: 'thing_*' }, ['third']],
    [{ action: '%*' }, []],
    [{ resourceType: 'other' }, ['third']],
    [{ resourceId: 'second' }, ['second']],
    [{ outcome: 'FAILURE', actorName: 'ada@example.com' }, ['second']],
    [{ outcome: 'SUCCESS', resourceType: 'thing', action: null }, ['fourth', 'first']],
    [{ resourceType: 'thing', until: '1999-01-01T00:00:00Z' }, []],
    [
      { resourceType: 'thing', since: '1999-01-01T00:00:00Z', until: '9999-12-31T23:59:59Z' },
      ['fourth', 'second', 'first'],
    ],
    [{ resourceType: 'thing', since: '2900-01-01T00:00:00Z' }, []],
  ])('finds by %o, newest first', async (filter, expected) => {
    expect(resources(await list(filter))).toEqual(expected);
  });

  it('finds by time, from the first instant up to but without the last', async () => {
    const [event] = (await list({ resourceId: 'second' })).edges;
    const time = String(event?.node['occurredAt']);
    const next = new Date(Date.parse(time) + 1).toISOString();
    expect(resources(await list({ resourceId: 'second', since: time, until: next }))).toEqual(['second']);
    expect(resources(await list({ resourceId: 'second', until: time }))).toEqual([]);
    expect(resources(await list({ resourceId: 'second', since: next }))).toEqual([]);
  });

  it('pages through all, newest first, each once', async () => {
    const seen: unknown[] = [];
    let after: string | null = null;
    do {
      const page = await list({ resourceType: 'thing' }, { first: 2, after });
      expect(page.edges.length).toBeLessThanOrEqual(2);
      expect(page.pageInfo.hasNextPage).toBe(page.pageInfo.endCursor !== null && seen.length + page.edges.length < 3);
      seen.push(...resources(page));
      after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(['fourth', 'second', 'first']);
  });

  it('never shows the events of another workspace', async () => {
    for (const filter of [{ resourceId: 'secret' }, { actorId: eve.id }, { actorName: 'eve' }]) {
      expect((await list(filter)).edges).toEqual([]);
    }
    const [foreign] = await api.database.query<{ id: string }[]>(
      `SELECT id FROM audit_events WHERE resource_id = 'secret'`,
    );
    const page = await list({}, { after: encodeCursor([foreign?.id ?? '']), first: 200 });
    expect(page.edges.length).toBeGreaterThan(0);
    expect(resources(page)).not.toContain('secret');
  });

  it.each([
    [{ first: 201 }, 'INVALID_INPUT'],
    [{ first: 0 }, 'INVALID_INPUT'],
    [{ after: 'nonsense' }, 'INVALID_CURSOR'],
    [{ after: encodeCursor([7]) }, 'INVALID_CURSOR'],
    [{ after: encodeCursor(["' OR true"]) }, 'INVALID_CURSOR'],
    [{ filter: { resourceId: 'a\0' } }, 'INVALID_INPUT'],
    [{ filter: { actorName: 'a'.repeat(501) } }, 'INVALID_INPUT'],
    [{ filter: { since: 'yesterday' } }, 'BAD_USER_INPUT'],
  ])('refuses %o with %s', async (variables, code) => {
    const { errors } = await api.send(QUERY, variables, admin);
    expect(errors[0]?.extensions.code).toBe(code);
  });

  it('is for those who may read the trail', async () => {
    const viewer = await addUser(api, 'viewer@example.com', 'VIEWER');
    const auditor = await addUser(api, 'auditor@example.com', 'AUDITOR');
    expect((await api.send(QUERY, {})).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await api.send(QUERY, {}, bearer(viewer.accessToken))).errors[0]?.extensions.code).toBe('FORBIDDEN');
    const answer = await api.ask<Answer>(QUERY, { filter: { resourceId: 'first' } }, bearer(auditor.accessToken));
    expect(resources(answer.auditEvents)).toEqual(['first']);
    await vi.waitFor(async () => expect((await list({ outcome: 'DENIED' })).edges.length).toBeGreaterThan(0));
  });
});

describe('an api that stops', () => {
  it('writes the events that wait before it closes the database', async () => {
    const database = await createTestDatabase();
    const stopping = await startAuthApi({}, database.url);
    for (let index = 0; index < 2_500; index += 1) {
      const event = { action: 'inference.predict', resourceType: 'model-version', resourceId: `iris/${index}` };
      stopping.app.get(AuditTrail).recordPrediction(contextOf(ada), event);
    }
    await stopping.close();
    const connection = await new DataSource({ ...dataSourceOptions(database.url, 2), entities: [] }).initialize();
    const written = `SELECT count(*)::int AS written FROM audit_events WHERE action = 'inference.predict'`;
    expect(await connection.query(written)).toEqual([{ written: 2_500 }]);
    await connection.destroy();
    await database.drop();
  });
});

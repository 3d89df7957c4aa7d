import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Definitions, featuresOf } from '../support/feature-views.js';
import { collectedSource } from '../support/collected-source.js';
import { startTestInference, type TestInference, until } from '../support/inference.js';

let nestor: TestInference;

const orderColumns = [
  { name: 'user', type: 'STRING' },
  { name: 'at', type: 'TIMESTAMP' },
  { name: 'amount', type: 'FLOAT64' },
];
const orders = 'user,at,amount\nann,2026-01-01,1\nann,2026-01-03,3\nbob,2026-01-05,5\n';

beforeAll(async () => {
  nestor = await startTestInference();
  await nestor.startWorker();
  const definitions = new Definitions(nestor.dataSource, nestor.context.actor.workspaceId);
  const users = await definitions.view('users', {
    features: featuresOf({ name: 'age', type: 'INT64' }, { name: 'spent', type: 'FLOAT64' }),
  });
  await definitions.view('archive', { isOnline: false });
  const sourceId = await collectedSource(nestor, 'orders', orderColumns, orders);
  await definitions.view('orders', { source: { kind: 'DATA_SOURCE', sourceId, name: 'orders' } });
  await definitions.service('risk', [
    [users, 'spent', 'money'],
    [users, 'age'],
  ]);
});
afterAll(() => nestor.close());

async function post(path: string, body: unknown, key = nestor.apiKey) {
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
  const response = await fetch(`${nestor.api.url}/feast/${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, code: response.headers.get('x-nestor-error-code'), text };
}

/** What Feast's client makes of an error. */
async function refusal(path: string, body: unknown, key?: string) {
  const { status, code, text } = await post(path, body, key);
  const { class: kind, message } = JSON.parse(String(JSON.parse(text)));
  return { status, code, kind, message };
}

const amounts = async () => {
  const body = { features: ['orders:amount'], entities: { user: ['ann', 'bob'] } };
  return JSON.parse((await post('get-online-features', body)).text).results[1].values;
};

const snapshots = () => nestor.dataSource.query<{ count: string }[]>('SELECT count(*) FROM data_snapshots');

const at = '2026-11-23T10:00:00.250Z';

describe("Feast's HTTP API", () => {
  it('reads what it has written', async () => {
    const df = { user: ['ann', 'bob'], age: [31, null], spent: [3, 0.5], event_timestamp: [at, at] };
    expect(await post('write-to-online-store', { feature_view_name: 'users', df })).toMatchObject({ status: 200 });
    const entities = { user: ['ann', 'bob', 'nobody'] };
    const answer = await post('get-online-features', { feature_service: 'risk', entities });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('[3.0,0.5,null]');
    expect(JSON.parse(answer.text)).toEqual({
      metadata: { feature_names: ['user', 'money', 'age'] },
      results: [
        {
          values: entities.user,
          statuses: ['PRESENT', 'PRESENT', 'PRESENT'],
          event_timestamps: ['1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z', '1970-01-01T00:00:00Z'],
        },
        {
          values: [3, 0.5, null],
          statuses: ['PRESENT', 'PRESENT', 'NOT_FOUND'],
          event_timestamps: [at, at, '1970-01-01T00:00:00Z'],
        },
        {
          values: [31, null, null],
          statuses: ['PRESENT', 'NULL_VALUE', 'NOT_FOUND'],
          event_timestamps: [at, at, '1970-01-01T00:00:00Z'],
        },
      ],
      status: true,
    });
    const one = { features: ['users:age'], entities: { user: ['ann'] }, full_feature_names: true };
    expect(JSON.parse((await post('get-online-features', one)).text).metadata.feature_names).toEqual([
      'user',
      'users__age',
    ]);
  });

  it('materializes an interval, and then what is new, and waits for it', async () => {
    const interval = { start_ts: '2025-12-31T00:00:00', end_ts: '2026-01-02T00:00:00', feature_views: ['orders'] };
    expect(await post('materialize', interval)).toMatchObject({ status: 200, text: '' });
    expect(await amounts()).toEqual([1, null]);
    const increment = { end_ts: '2026-01-04T00:00:00', feature_views: ['orders'] };
    expect(await post('materialize-incremental', increment)).toMatchObject({ status: 200 });
    expect(await amounts()).toEqual([3, null]);
  });

  it('materializes all views that are kept online, and does not wait where it is asked not to', async () => {
    const answer = await post('materialize?async=true', { disable_event_timestamp: true });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      202,
      { status: 'accepted', feature_views: ['orders', 'users'] },
    ]);
    await until(amounts, ([, bob]) => bob === 5);
  });

  it('pushes rows of a source to its views, and keeps them offline where it is asked to', async () => {
    const df = { user: ['ann', 'bob'], at: ['2026-02-01T00:00:00', 1_769_904_000], amount: [11, 12] };
    expect(await post('push', { push_source_name: 'orders', df })).toMatchObject({ status: 200, text: '' });
    expect(await amounts()).toEqual([11, 12]);
    const later = { user: ['ann'], event_timestamp: ['2026-02-02T00:00:00'], amount: [13] };
    const both = { push_source_name: 'orders', df: later, to: 'online_and_offline' };
    expect(await post('push', both)).toMatchObject({ status: 200 });
    expect(await amounts()).toEqual([13, 12]);
    await until(snapshots, ([row]) => row?.count === '2');
  });

  it('says why a view was not materialized', async () => {
    const body = { end_ts: '2026-01-04T00:00:00Z', feature_views: ['users'] };
    const refused = await refusal('materialize-incremental', body);
    expect(refused.message).toContain('Feature view users was not materialized: ');
  });

  it('answers whether it is there without credentials, and nothing else', async () => {
    expect((await fetch(`${nestor.api.url}/feast/health`)).status).toBe(200);
    expect(await refusal('get-online-features', {}, 'nst_unknown')).toMatchObject({
      status: 401,
      kind: 'FeastPermissionError',
    });
  });

  it.each<[string, string, unknown, string, RegExp]>([
    ['no object', 'get-online-features', [], 'INVALID_INPUT', /JSON object/],
    ['an unknown view', 'get-online-features', { features: ['a:b'], entities: { user: [1] } }, 'NOT_FOUND', /"a"/],
    ['no rows', 'write-to-online-store', { feature_view_name: 'users' }, 'INVALID_INPUT', /^INVALID_INPUT: df: give/],
    [
      'an unknown view to write',
      'write-to-online-store',
      { feature_view_name: 'a', df: { a: [] } },
      'NOT_FOUND',
      /"a"/,
    ],
    [
      'a view that is not online',
      'write-to-online-store',
      { feature_view_name: 'archive', df: { user: [] } },
      'CONFLICT',
      /is not kept online/,
    ],
    [
      'an interval without a start',
      'materialize',
      { end_ts: '2026-01-01' },
      'INVALID_INPUT',
      /start_ts: give a moment/,
    ],
    ['a version of all', 'materialize', { version: 'v1' }, 'INVALID_INPUT', /exactly one of feature_views/],
    [
      'a version that is none',
      'materialize',
      { version: '1', feature_views: ['orders'] },
      'INVALID_INPUT',
      /give it as v1/,
    ],
    [
      'increments of a version',
      'materialize-incremental',
      { version: 'v1', feature_views: ['orders'] },
      'INVALID_INPUT',
      /increments are of the newest/,
    ],
    [
      'an unknown view to materialize',
      'materialize',
      { disable_event_timestamp: true, feature_views: ['a'] },
      'NOT_FOUND',
      /"a"/,
    ],
    ['a push to nowhere', 'push', { push_source_name: 'a', df: { user: [] } }, 'NOT_FOUND', /is called "a"/],
    ['a push to some place', 'push', { push_source_name: 'a', df: { user: [] }, to: 'x' }, 'INVALID_INPUT', /to: give/],
    ['an unknown route', 'chat', {}, 'NOT_FOUND', /./],
  ])('refuses %s in the form that its client reads', async (_, path, body, code, message) => {
    const refused = await refusal(path, body);
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(message);
    expect(refused.kind).toBe(code === 'NOT_FOUND' ? 'FeastObjectNotFoundException' : 'FeastError');
  });
});

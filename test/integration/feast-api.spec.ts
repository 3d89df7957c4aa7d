import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Definitions, featuresOf } from '../support/feature-views.js';
import { startTestInference, type TestInference } from '../support/inference.js';

let nestor: TestInference;
beforeAll(async () => {
  nestor = await startTestInference();
  const definitions = new Definitions(nestor.dataSource, nestor.context.actor.workspaceId);
  const users = await definitions.view('users', {
    features: featuresOf({ name: 'age', type: 'INT64' }, { name: 'spent', type: 'FLOAT64' }),
  });
  await definitions.view('kept offline', { isOnline: false });
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
      { feature_view_name: 'kept offline', df: { user: [] } },
      'CONFLICT',
      /is not kept online/,
    ],
    ['an unknown route', 'chat', {}, 'NOT_FOUND', /./],
  ])('refuses %s in the form that its client reads', async (_, path, body, code, message) => {
    const refused = await refusal(path, body);
    expect(refused.code).toBe(code);
    expect(refused.message).toMatch(message);
    expect(refused.kind).toBe(code === 'NOT_FOUND' ? 'FeastObjectNotFoundException' : 'FeastError');
  });
});

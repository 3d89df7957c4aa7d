import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GRAPHQL_PATH } from '../../src/common/graphql/graphql.module.js';
import { WarmQueries } from '../../src/common/graphql/warm-queries.js';
import { startTestApi, type TestApi } from '../support/api.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { simpleModel } from '../support/onnx/models.js';

let nestor: TestNestor;
let api: TestApi;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false });
  await nestor.addModel('simple', simpleModel());
  api = await startTestApi({ NESTOR_GRAPHQL_MAX_ALIASES: '5' });
});
afterAll(async () => {
  await nestor.close();
  await api.close();
});

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: Record<string, unknown>;
}

async function post(url: string, body: unknown, headers: Readonly<Record<string, string>>): Promise<Answer> {
  const response = await fetch(`${url}${GRAPHQL_PATH}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: JSON.parse(text) as Record<string, unknown>,
  };
}

const tensor = (name: string) => ({
  name,
  datatype: 'INT32',
  shape: [1, 16],
  data: Array.from({ length: 16 }, () => 3),
});
const predict = `query ($input: PredictInput!) { predict(input: $input) { model version outputs { name datatype shape data } } }`;
const given = { input: { model: 'simple', inputs: [tensor('INPUT0'), tensor('INPUT1')] } };

/** Every shape of answer: data, errors of resolvers beside data and instead of it, wrong variables, several operations. */
const cases: Readonly<Record<string, object>> = {
  'a prediction': { query: predict, variables: given },
  'an error of the resolver': { query: predict, variables: { input: { model: 'nothing', inputs: [] } } },
  'a variable of the wrong type': { query: predict, variables: { input: { model: 7 } } },
  'a missing variable': { query: predict, variables: {} },
  'no variables': { query: '{ me { email role } serverInfo { version } }' },
  'lists, aliases and fragments': {
    query: `query Models($deep: Boolean!) {
      all: registeredModels(first: 2) { edges { node { ...Parts } } pageInfo { hasNextPage } }
      one: registeredModel(name: "simple") { ...Parts versions(first: 1) @include(if: $deep) { edges { node { version } } } }
    }
    fragment Parts on RegisteredModel { name description tags { key value } }`,
    operationName: 'Models',
    variables: { deep: true },
  },
  'data beside an error': {
    query: '{ registeredModel(name: "simple") { name } apiKeys(first: 100000) { edges { cursor } } }',
  },
  'an operation name that the document lacks': { query: 'query A { __typename }', operationName: 'B' },
  'one of two operations': { query: 'query A { __typename } query B { me { email } }', operationName: 'B' },
  'a key that plain objects treat otherwise': { query: '{ __proto__: serverInfo { version } }' },
  introspection: { query: '{ __schema { queryType { name } } __type(name: "Tensor") { fields { name } } }' },
};

describe('a query that comes again and again', () => {
  it.each(Object.entries(cases))('is answered as the first time: %s', async (_, body) => {
    const first = await post(nestor.url, body, nestor.key);
    for (let turn = 0; turn < 5; turn += 1) expect(await post(nestor.url, body, nestor.key)).toEqual(first);
  });

  it('needs credentials each time', async () => {
    const body = { query: '{ me { email } }' };
    for (let turn = 0; turn < 5; turn += 1)
      expect((await post(nestor.url, body, nestor.key)).body).toHaveProperty('data.me');
    const without = await post(nestor.url, body, {});
    expect(without.body).toMatchObject({ errors: [{ path: ['me'], extensions: { code: 'UNAUTHENTICATED' } }] });
  });

  it('can be named by its hash, as automatic persisted queries do', async () => {
    const query = '{ serverInfo { version } executors { id } }';
    const extensions = { persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(query).digest('hex') } };
    const unknown = await post(nestor.url, { extensions }, nestor.key);
    expect(unknown.body).toMatchObject({ errors: [{ extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }] });
    const registered = await post(nestor.url, { query, extensions }, nestor.key);
    for (let turn = 0; turn < 5; turn += 1)
      expect(await post(nestor.url, { extensions }, nestor.key)).toEqual(registered);
    const forged = { query: '{ me { email } }', extensions };
    expect((await post(nestor.url, forged, nestor.key)).body).toHaveProperty('errors');
  });

  it('is answered in the form that the client accepts', async () => {
    const body = { query: '{ __typename }' };
    for (let turn = 0; turn < 5; turn += 1) await post(nestor.url, body, nestor.key);
    const other = await post(nestor.url, body, { ...nestor.key, accept: 'application/graphql-response+json' });
    expect([other.status, other.type]).toEqual([200, 'application/graphql-response+json; charset=utf-8']);
    expect((await post(nestor.url, body, { ...nestor.key, accept: 'image/png' })).status).not.toBe(200);
  });

  it('is answered without Apollo once it is warm', async () => {
    const query = '{ serverInfo { version } __typename }';
    const find = () => api.app.get(WarmQueries).find({ source: query, hash: undefined, operationName: undefined });
    for (let turn = 0; turn < 2; turn += 1) await post(api.url, { query }, {});
    expect(find()).toBeUndefined();
    await post(api.url, { query }, {});
    expect(find()).toBeTypeOf('function');
  });

  it('stays refused when it is beyond a limit', async () => {
    const query = `{ ${Array.from({ length: 6 }, (_, index) => `a${index}: __typename`).join(' ')} }`;
    for (let turn = 0; turn < 5; turn += 1) {
      expect(await post(api.url, { query }, {})).toMatchObject({
        status: 400,
        body: { errors: [{ extensions: { code: 'OPERATION_TOO_COMPLEX' } }] },
      });
    }
  });

  it('never is a mutation', async () => {
    const query = 'mutation { signOut }';
    for (let turn = 0; turn < 5; turn += 1) await post(api.url, { query }, {});
    expect(api.app.get(WarmQueries).find({ source: query, hash: undefined, operationName: undefined })).toBeUndefined();
  });
});

const source = (index: number) => `{ version${index}: serverInfo { version } }`;

describe('WarmQueries', () => {
  it('forgets the oldest of more documents than it holds', async () => {
    const queries = api.app.get(WarmQueries);
    const find = (index: number) => queries.find({ source: source(index), hash: undefined, operationName: undefined });
    for (let turn = 0; turn < 3; turn += 1) await post(api.url, { query: source(0) }, {});
    expect(find(0)).toBeTypeOf('function');
    for (let index = 1; index <= 1_000; index += 1) await post(api.url, { query: source(index) }, {});
    expect(find(0)).toBeUndefined();
  });
});

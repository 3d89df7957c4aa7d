import { randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootstrap } from '../../src/bootstrap.js';
import { startTestApi, type TestApi } from '../support/api.js';
import { ask, type GraphqlFailure, type Headers, send } from '../support/graphql.js';
import { listen } from '../support/subscriptions.js';

const JOB = 'subscription ($id: ID!) { inferenceJobUpdated(id: $id) { id } }';
const BATCH = 'subscription ($id: ID!) { batchInferenceUpdated(id: $id) { id } }';
const ISSUES = 'subscription { dataIssueChanged { id } }';

let api: TestApi;
let key: Headers;
let logged = '';
beforeAll(async () => {
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, written) => {
      logged += chunk.toString();
      written();
    },
  });
  api = await startTestApi({}, pino({ level: 'error' }, stream));
  const first = await bootstrap(api.settings, pino({ level: 'silent' }), { resetAdminPassword: false });
  key = { 'x-api-key': first.apiKey ?? '' };
});
afterAll(() => api.close());

const hear = (query: string, variables: Record<string, unknown> = {}, headers = key) =>
  listen(api.url, query, variables, headers);
const codesOf = ({ errors }: { errors: readonly GraphqlFailure[] }) => errors.map(({ extensions }) => extensions.code);
const keyWith = async (permission: string): Promise<Headers> => {
  const { createApiKey } = await ask<{ createApiKey: { key: string } }>(
    api.url,
    'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { key } }',
    { input: { name: permission, permissions: [permission] } },
    key,
  );
  return { 'x-api-key': createApiKey.key };
};

describe('the errors of a subscription', () => {
  it.each([
    ['an inference job', JOB],
    ['a batch inference', BATCH],
  ])('tell that there is none of the id of %s', async (_name, query) => {
    const id = randomUUID();
    for (const unknown of [id, 'nonsense']) {
      const { data, errors } = await hear(query, { id: unknown });
      expect(data).toEqual([]);
      expect(errors).toEqual([{ message: expect.stringContaining(unknown), extensions: { code: 'NOT_FOUND' } }]);
    }
  });

  it.each([
    ['an inference job', JOB],
    ['a batch inference', BATCH],
    ['data issues', ISSUES],
  ])('tell who may not see %s, and who has no credentials', async (_name, query) => {
    const variables = query === ISSUES ? {} : { id: randomUUID() };
    const refused = await hear(query, variables, await keyWith('AUDIT_READ'));
    expect(codesOf(refused)).toEqual(['FORBIDDEN']);
    const unknown = await hear(query, variables, {});
    expect(codesOf(unknown)).toEqual(['UNAUTHENTICATED']);
  });

  it('mask what is unexpected, and log it under the id that the client gets', async () => {
    const database = api.app.get(DataSource);
    await database.query('ALTER TABLE batch_inferences RENAME TO elsewhere');
    try {
      const { errors } = await hear(BATCH, { id: randomUUID() });
      expect(errors).toEqual([
        {
          message: expect.not.stringContaining('batch_inferences'),
          extensions: { code: 'INTERNAL_SERVER_ERROR', errorId: expect.any(String) },
        },
      ]);
      const lines = logged.split('\n').filter((line) => line.includes(errors[0]?.extensions.errorId ?? 'none'));
      expect(lines).toEqual([expect.stringContaining('relation \\"batch_inferences\\" does not exist')]);
    } finally {
      await database.query('ALTER TABLE elsewhere RENAME TO batch_inferences');
    }
  });

  it('tell what is wrong with the variables', async () => {
    expect(codesOf(await hear(BATCH))).toEqual(['BAD_USER_INPUT']);
    expect(codesOf(await hear(BATCH, { id: { no: 'id' } }))).toEqual(['BAD_USER_INPUT']);
  });
});

const LISTED = 'query ($filter: BatchInferenceFilter) { batchInferences(filter: $filter) { edges { cursor } } }';
const wrongly = (count: number) => ({ filter: { status: Array<string>(count).fill('LATE') } });

describe('an operation', () => {
  it.each([
    ['GRAPHQL_PARSE_FAILED', '{ serverInfo', {}],
    ['GRAPHQL_VALIDATION_FAILED', '{ batchInference(id: 1.5) { id } }', {}],
    ['GRAPHQL_VALIDATION_FAILED', '{ batchInferenc(id: "1") { id } }', {}],
    ['GRAPHQL_VALIDATION_FAILED', '{ batchInferences(filter: { since: "never" }) { edges { cursor } } }', {}],
    ['GRAPHQL_VALIDATION_FAILED', '{ batchInferences(filter: { since: 5 }) { edges { cursor } } }', {}],
    ['INVALID_INPUT', '{ inferenceJobs(filter: { version: 0 }) { edges { cursor } } }', {}],
    ['BAD_USER_INPUT', LISTED, wrongly(1)],
    ['BAD_USER_INPUT', LISTED, wrongly(100)],
    ['BAD_USER_INPUT', LISTED, { filter: { since: 'never' } }],
    ['INVALID_CURSOR', '{ batchInferences(after: "x") { edges { cursor } } }', {}],
  ])('gets %s for %s over a WebSocket as by HTTP', async (code, query, variables) => {
    const { errors } = await send(api.url, query, variables, key);
    expect(new Set(codesOf({ errors }))).toEqual(new Set([code]));
    expect((await hear(query, variables)).errors).toEqual(errors);
  });
});

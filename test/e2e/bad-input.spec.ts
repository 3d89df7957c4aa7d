import { randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { GraphqlAnswer, GraphqlFailure, Headers } from '../support/graphql.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { garbageFiles } from '../support/onnx/garbage.js';
import {
  endlessLoopModel,
  externalDataModel,
  hugeInitializerClaimModel,
  loopOnDemandModel,
  memoryBombAtLoadModel,
  memoryBombModel,
  nestedSubgraphsModel,
  unknownDomainModel,
} from '../support/onnx/hostile-models.js';
import { heavyModel, simpleModel } from '../support/onnx/models.js';

const BODY_MAX_BYTES = 1_000_000;
const MODEL_MAX_BYTES = 2_000_000;
/** What must never reach a client: stack traces, files, SQL. */
const INSIDE =
  /node_modules|\bat .+:\d+|\.[jt]s\b|\/tmp|\/home|\/root|nestor-test-|\b(SELECT|INSERT INTO|UPDATE) .*\b(FROM|VALUES|SET)\b/;

const PREDICT = 'query ($input: PredictInput!) { predict(input: $input) { version outputs { data } } }';
const ones = Array.from({ length: 16 }, () => 1);
const first = { name: 'INPUT0', datatype: 'INT32', shape: [1, 16], data: ones };
const second = { ...first, name: 'INPUT1' };
const simple = { model: 'simple', inputs: [first, second] };
const flower = { sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 };
const base64Of = (count: number) => Buffer.alloc(4 * count).toString('base64');
const withFirst = (change: object) => ({ ...simple, inputs: [{ ...first, ...change }, second] });
const iris = (record: object) => ({ model: 'iris', records: [flower, record] });
const { petalWidth: _, ...incomplete } = flower;

let nestor: TestNestor;
/** All that Nestor answered in a test. */
let messages: string[] = [];

afterEach(() => {
  const answered = messages;
  messages = [];
  for (const message of answered) expect(message).not.toMatch(INSIDE);
});

/** The code of the only error of an answer. */
function codeOf(answer: GraphqlAnswer<unknown>): string | undefined {
  for (const { message, extensions } of answer.errors) {
    messages.push(message);
    expect(Object.keys(extensions)).not.toContain('stacktrace');
  }
  expect(answer.data).toBeNull();
  expect(answer.errors).toHaveLength(1);
  return answer.errors[0]?.extensions.code;
}

const predict = (input: object, headers?: Headers) => nestor.send<object>(PREDICT, { input }, headers);

/** Posts a body as it is. */
async function post(body: string, headers: Headers = {}): Promise<{ status: number; code: string | undefined }> {
  const response = await fetch(`${nestor.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...nestor.key, ...headers },
    body,
  });
  const answer = (await response.json()) as { errors?: GraphqlFailure[]; error?: { code: string; message: string } };
  messages.push(...(answer.errors ?? [answer.error]).map((error) => error?.message ?? ''));
  return { status: response.status, code: answer.errors?.[0]?.extensions.code ?? answer.error?.code };
}

const aliases = (count: number) => Array.from({ length: count }, (_each, index) => `a${index}: __typename`).join(' ');

describe('bad input', () => {
  beforeAll(async () => {
    nestor = await startTestNestor({
      redis: false,
      overrides: {
        NESTOR_BODY_MAX_BYTES: String(BODY_MAX_BYTES),
        NESTOR_MODEL_MAX_BYTES: String(MODEL_MAX_BYTES),
        NESTOR_EXECUTOR_RUN_TIMEOUT_MS: '4000',
        NESTOR_EXECUTOR_MEMORY_BYTES: String(1024 ** 3),
        NESTOR_PREDICT_CONCURRENCY: '1',
      },
    });
    await nestor.addModel('simple', simpleModel());
  }, 60_000);

  afterAll(() => nestor?.close());

  it.each<[string, string, object]>([
    ['a wrong length of a dimension', 'INVALID_TENSOR', withFirst({ shape: [2, 8] })],
    ['a wrong number of dimensions', 'INVALID_TENSOR', withFirst({ shape: [16] })],
    ['a wrong datatype', 'INVALID_TENSOR', withFirst({ datatype: 'FP32' })],
    ['a datatype that does not exist', 'BAD_USER_INPUT', withFirst({ datatype: 'INT33' })],
    ['too many elements', 'INVALID_TENSOR', withFirst({ data: [...ones, 1] })],
    ['too few elements', 'INVALID_TENSOR', withFirst({ data: [1] })],
    ['no elements', 'INVALID_TENSOR', withFirst({ data: null })],
    ['a missing input', 'INVALID_TENSOR', { ...simple, inputs: [first] }],
    ['an extra input', 'INVALID_TENSOR', { ...simple, inputs: [first, second, { ...first, name: 'INPUT2' }] }],
    ['an input given twice', 'INVALID_TENSOR', { ...simple, inputs: [first, second, first] }],
    ['a negative dimension', 'INVALID_TENSOR', withFirst({ shape: [-1, 16] })],
    ['a batch of no rows', 'INVALID_TENSOR', withFirst({ shape: [0, 16], data: [] })],
    ['a shape without end', 'INVALID_TENSOR', withFirst({ shape: Array.from({ length: 16 }, () => 2_147_483_647) })],
    ['a shape of terabytes', 'INVALID_TENSOR', withFirst({ shape: [2_147_483_647, 16], data: null, base64: 'AAAA' })],
    ['a dimension beyond 32 bits', 'BAD_USER_INPUT', withFirst({ shape: [2 ** 53, 16] })],
    ['base64 of a wrong length', 'INVALID_TENSOR', withFirst({ data: null, base64: base64Of(15) })],
    ['base64 that is none', 'INVALID_TENSOR', withFirst({ data: null, base64: '?'.repeat(88) })],
    ['data and base64', 'INVALID_TENSOR', withFirst({ base64: base64Of(16) })],
    ['"NaN" as a whole number', 'INVALID_TENSOR', withFirst({ data: ones.map(() => 'NaN') })],
    ['a number beyond the datatype', 'INVALID_TENSOR', withFirst({ data: ones.map(() => 2 ** 31) })],
    ['an object for data', 'INVALID_TENSOR', withFirst({ data: { length: 16 } })],
    [
      'data nested ever deeper',
      'INVALID_TENSOR',
      withFirst({ data: JSON.parse(`${'['.repeat(99)}${']'.repeat(99)}`) }),
    ],
    [
      'JSON above the limit',
      'TENSOR_TOO_LARGE',
      withFirst({ shape: [5_000, 16], data: Array.from({ length: 80_000 }, () => 1) }),
    ],
    [
      'rows that differ between inputs',
      'MODEL_RUN_FAILED',
      {
        ...simple,
        inputs: [
          { ...first, shape: [3, 16], data: [ones, ones, ones] },
          { ...second, shape: [2, 16], data: [ones, ones] },
        ],
      },
    ],
    ['an output that does not exist', 'INVALID_TENSOR', { ...simple, outputs: ['OUTPUT2'] }],
    ['an unknown model', 'MODEL_NOT_FOUND', { ...simple, model: 'nobody' }],
    ['an unknown version', 'MODEL_NOT_FOUND', { ...simple, version: 99 }],
    ['an unknown alias', 'MODEL_NOT_FOUND', { ...simple, alias: 'nobody' }],
    ['a name that is SQL', 'MODEL_NOT_FOUND', { ...simple, model: "x'; DROP TABLE users; --" }],
    ['version and alias', 'INVALID_INPUT', { ...simple, version: 1, alias: 'latest' }],
    ['neither inputs nor records', 'INVALID_INPUT', { model: 'simple' }],
    ['a deadline in the past', 'INVALID_INPUT', { ...simple, timeoutMs: -1 }],
    ['a record without a field', 'INVALID_RECORD', iris(incomplete)],
    ['a record with a field too many', 'INVALID_RECORD', iris({ ...flower, colour: 1 })],
    ['a record with a text for a number', 'INVALID_RECORD', iris({ ...flower, petalWidth: '0.2' })],
    ['a record with a null for a number', 'INVALID_RECORD', iris({ ...flower, petalWidth: null })],
    ['a record that names a prototype', 'INVALID_RECORD', iris({ ...flower, constructor: 1 })],
    ['no records at all', 'INVALID_RECORD', { model: 'iris', records: [] }],
  ])('refuses %s with %s', async (_what, code, input) => {
    expect(codeOf(await predict(input))).toBe(code);
    const submitted = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
    // What only the model itself can find is found when the job runs.
    if (code !== 'MODEL_RUN_FAILED') expect(codeOf(await nestor.send(submitted, { input }))).toBe(code);
  });

  it.each<[string, string, () => Uint8Array]>([
    ...Object.entries(garbageFiles()).map(([name, bytes]): [string, string, () => Uint8Array] => [
      `a file that is ${name}`,
      'MODEL_NOT_ONNX',
      () => bytes,
    ]),
    ['a model that is too large', 'MODEL_TOO_LARGE', () => randomBytes(MODEL_MAX_BYTES + 1)],
    ['external data', 'MODEL_EXTERNAL_DATA', () => externalDataModel('/etc/passwd')],
    ['external data in a function', 'MODEL_EXTERNAL_DATA', () => externalDataModel('../../secret', 'function')],
    ['operators of a foreign domain', 'MODEL_UNKNOWN_DOMAIN', () => unknownDomainModel()],
    ['a claim of terabytes', 'MODEL_LIMIT_EXCEEDED', () => hugeInitializerClaimModel()],
    ['graphs nested a thousand deep', 'MODEL_LIMIT_EXCEEDED', () => nestedSubgraphsModel()],
    ['a memory bomb', 'MODEL_LOAD_FAILED', () => memoryBombAtLoadModel(2n ** 34n)],
    ['a loop without end', 'MODEL_LOAD_FAILED', () => endlessLoopModel()],
  ])('does not register %s: %s', async (_what, code, bytes) => {
    const artifact = await nestor.upload(bytes());
    const create = `mutation ($artifact: String!) {
      createModelVersion(input: { model: "simple", artifact: $artifact }) { version }
    }`;
    expect(codeOf(await nestor.send(create, { artifact }))).toBe(code);
    expect((await predict(simple)).errors).toEqual([]);
  });

  const variables = Array.from({ length: 10_000 }, (_each, index) => `$v${index}: Int`).join(' ');
  const doubling = Array.from({ length: 12 }, (_each, index) => {
    const next = index === 11 ? '__typename' : `...f${index + 1}`;
    return `fragment f${index} on Query { ${next} ${index === 11 ? 'again: __typename' : next} }`;
  });

  it.each<[string, string, string]>([
    ['a depth of 500', 'OPERATION_TOO_COMPLEX', `{ ${'models { '.repeat(500)} id ${'} '.repeat(500)} }`],
    ['1,000 aliases', 'OPERATION_TOO_COMPLEX', `{ ${aliases(1_000)} }`],
    ['5,000 aliases', 'GRAPHQL_PARSE_FAILED', `{ ${aliases(5_000)} }`],
    ['2^12 fields by fragments', 'OPERATION_TOO_COMPLEX', `{ ...f0 } ${doubling.join(' ')}`],
    ['fragments in a circle', 'GRAPHQL_VALIDATION_FAILED', '{ ...f } fragment f on Query { ...f }'],
    ['100,000 tokens', 'GRAPHQL_PARSE_FAILED', `{ ${'a '.repeat(100_000)}`],
    ['10,000 variables', 'GRAPHQL_PARSE_FAILED', `query (${variables}) { __typename }`],
    ['a field that does not exist', 'GRAPHQL_VALIDATION_FAILED', '{ passwords }'],
    ['no document', 'BAD_REQUEST', ''],
  ])('refuses an operation with %s: 400 %s', async (_what, code, query) => {
    expect(await post(JSON.stringify({ query }))).toEqual({ status: 400, code });
  });

  it('refuses bodies that are too large, no JSON, or lists of operations', async () => {
    const large = JSON.stringify({ query: '{ __typename }', variables: { pad: ' '.repeat(BODY_MAX_BYTES) } });
    expect(await post(large)).toEqual({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
    expect(await post('{ "query": ')).toEqual({ status: 400, code: 'BAD_REQUEST' });
    expect(await post('[{ "query": "{ __typename }" }]')).toEqual({ status: 400, code: 'BAD_REQUEST' });
    expect(await post('null')).toEqual({ status: 400, code: 'BAD_REQUEST' });
  });

  it('refuses who is not known, not allowed, or comes from another site', async () => {
    expect(codeOf(await predict(simple, {}))).toBe('UNAUTHENTICATED');
    expect(codeOf(await predict(simple, { 'x-api-key': 'nk_made_up' }))).toBe('UNAUTHENTICATED');
    expect(codeOf(await predict(simple, { authorization: 'Bearer a.b.c' }))).toBe('UNAUTHENTICATED');
    const account = { email: 'viewer@example.test', password: 'a password for tests' };
    await nestor.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', {
      input: { ...account, role: 'VIEWER' },
    });
    const { signIn } = await nestor.ask<{ signIn: { accessToken: string } }>(
      'mutation ($input: SignInInput!) { signIn(input: $input) { accessToken } }',
      { input: account },
      {},
    );
    expect(codeOf(await predict(simple, { authorization: `Bearer ${signIn.accessToken}` }))).toBe('FORBIDDEN');
    const body = JSON.stringify({ query: '{ __typename }' });
    expect(await post(body, { 'sec-fetch-site': 'cross-site' })).toEqual({ status: 403, code: 'CROSS_SITE_REQUEST' });
  });

  it('keeps nothing of an upload whose client left', async () => {
    const parts = () => readdir(join(nestor.settings.NESTOR_HOME, 'artifacts', 'tmp'));
    const upload = request(`${nestor.url}/api/artifacts`, {
      method: 'PUT',
      headers: { 'content-type': 'application/octet-stream', 'content-length': '100000', ...nestor.key },
    });
    upload.on('error', () => undefined);
    upload.write(randomBytes(60_000));
    await expect.poll(parts, { timeout: 10_000 }).toHaveLength(1);
    upload.destroy();
    await expect.poll(parts, { timeout: 10_000 }).toEqual([]);
  });

  it('refuses what it has no place for, at once, and says when to come again', async () => {
    await nestor.addModel('heavy', heavyModel({ multiplications: 1_000 }));
    const heavy = { model: 'heavy', inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 16], data: ones }] };
    const order: (string | undefined)[] = [];
    const answers = await Promise.all(
      Array.from({ length: 5 }, async () => {
        const answer = await predict(heavy);
        order.push(answer.errors[0]?.extensions.code);
        return answer;
      }),
    );
    expect(order).toEqual([...Array.from({ length: 4 }, () => 'OVERLOADED'), undefined]);
    for (const { errors } of answers) {
      if (errors.length > 0) expect(errors[0]?.extensions.retryAfterMs).toBeGreaterThan(0);
    }
  });
});

const hostile = (model: string, size: bigint) => ({
  model,
  inputs: [{ name: 'input', datatype: 'INT64', shape: [1], data: [String(size)] }],
});

/** Others predict until the hostile request is answered; who waited behind it may be told to come again. */
async function besideOthers(input: object): Promise<string | undefined> {
  const over = new AbortController();
  const answer = predict(input).finally(() => over.abort());
  do {
    const { errors } = await predict(simple);
    if (errors.length > 0)
      expect(errors).toMatchObject([{ extensions: { code: 'EXECUTOR_LOST', retryAfterMs: 1_000 } }]);
  } while (!over.signal.aborted);
  expect((await predict(simple)).errors).toEqual([]);
  return codeOf(await answer);
}

describe('a model that turns hostile when it is run', () => {
  beforeAll(async () => {
    nestor = await startTestNestor({
      redis: false,
      overrides: {
        NESTOR_EXECUTORS: '2',
        NESTOR_EXECUTOR_RUN_TIMEOUT_MS: '2000',
        NESTOR_EXECUTOR_MEMORY_BYTES: String(1024 ** 3),
      },
    });
    await nestor.addModel('simple', simpleModel());
  }, 60_000);

  afterAll(() => nestor?.close());

  it('takes memory without end: it fails, and others are served', async () => {
    await nestor.addModel('bomb', memoryBombModel());
    expect((await predict(hostile('bomb', 10n))).data).toMatchObject({ predict: { outputs: [{ data: [10] }] } });
    expect(await besideOthers(hostile('bomb', 2n ** 34n))).toBe('MODEL_RUN_FAILED');
    expect((await predict(hostile('bomb', 10n))).errors).toEqual([]);
  });

  it('never ends: it is stopped, others are served, and in the end it is not run any more', async () => {
    await nestor.addModel('loop', loopOnDemandModel());
    expect((await predict(hostile('loop', 3n))).errors).toEqual([]);
    const codes: (string | undefined)[] = [];
    while (codes.length < 3 && codes.at(-1) !== 'MODEL_QUARANTINED') {
      codes.push(await besideOthers(hostile('loop', 2n ** 62n)));
    }
    expect(codes[0]).toBe('EXECUTOR_LOST');
    expect(codes.at(-1)).toBe('MODEL_QUARANTINED');
    expect(codeOf(await predict(hostile('loop', 3n)))).toBe('MODEL_QUARANTINED');
    expect((await predict(simple)).errors).toEqual([]);
  }, 60_000);
});

import type { Attack, Outcome, Target } from './attack.js';

const PREDICT = 'query ($input: PredictInput!) { predict(input: $input) { version outputs { data } } }';
const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';

interface Answer {
  readonly errors?: readonly { readonly message: string; readonly extensions: { readonly code: string } }[];
  readonly error?: { readonly message: string; readonly code: string };
}

async function post(
  { url, key }: Target,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Outcome> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...key, ...headers },
    body,
  });
  const text = await response.text();
  const { errors, error } = JSON.parse(text) as Answer;
  const told = errors ?? (error === undefined ? [] : [{ ...error, extensions: error }]);
  return { code: told[0]?.extensions.code ?? 'OK', text: told.map(({ message }) => message).join('\n') };
}

/** A body as it is. */
const body = (
  what: string,
  code: string,
  text: string | ((target: Target) => string),
  headers?: Readonly<Record<string, string>>,
): Attack => ({ what, code, send: (target) => post(target, typeof text === 'string' ? text : text(target), headers) });

const operation = (what: string, code: string, query: string): Attack => body(what, code, JSON.stringify({ query }));

const ones = Array.from({ length: 16 }, () => 1);
const first = { name: 'INPUT0', datatype: 'INT32', shape: [1, 16], data: ones };
const second = { ...first, name: 'INPUT1' };
const simple = { model: 'simple', inputs: [first, second] };
const flower = { sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 };
const { petalWidth: _, ...incomplete } = flower;
const base64Of = (count: number) => Buffer.alloc(4 * count).toString('base64');
const withFirst = (change: object) => ({ ...simple, inputs: [{ ...first, ...change }, second] });
const iris = (record: object) => ({ model: 'iris', records: [flower, record] });
const bodyOf = (query: string, given: object) => JSON.stringify({ query, variables: { input: given } });

/** An input that `predict` and `submitInference` must refuse alike. */
function input(what: string, code: string, given: object): Attack[] {
  return [
    body(`${what}, to predict`, code, bodyOf(PREDICT, given)),
    body(`${what}, to submit`, code, bodyOf(SUBMIT, given)),
  ];
}

/** An input of which JSON is written by hand. @param text data of the first tensor. */
const data = (what: string, code: string, text: string): Attack =>
  body(what, code, bodyOf(PREDICT, withFirst({ data: '<data>' })).replace('"<data>"', text));

const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
const twoRows = { ...first, shape: [2, 16], data: [ones, ones] };
const threeRows = { ...second, shape: [3, 16], data: [ones, ones, ones] };

const inputs: readonly Attack[] = [
  ...input('a wrong length of a dimension', 'INVALID_TENSOR', withFirst({ shape: [2, 8] })),
  ...input('a wrong number of dimensions', 'INVALID_TENSOR', withFirst({ shape: [16] })),
  ...input('a wrong datatype', 'INVALID_TENSOR', withFirst({ datatype: 'FP32' })),
  ...input('a datatype that does not exist', 'BAD_USER_INPUT', withFirst({ datatype: 'INT33' })),
  ...input('too many elements', 'INVALID_TENSOR', withFirst({ data: [...ones, 1] })),
  ...input('too few elements', 'INVALID_TENSOR', withFirst({ data: [1] })),
  ...input('no elements', 'INVALID_TENSOR', withFirst({ data: null })),
  ...input('a missing input', 'INVALID_TENSOR', { ...simple, inputs: [first] }),
  ...input('an extra input', 'INVALID_TENSOR', { ...simple, inputs: [first, second, { ...first, name: 'INPUT2' }] }),
  ...input('an input given twice', 'INVALID_TENSOR', { ...simple, inputs: [first, second, first] }),
  ...input('a negative dimension', 'INVALID_TENSOR', withFirst({ shape: [-1, 16] })),
  ...input('a batch of no rows', 'INVALID_TENSOR', withFirst({ shape: [0, 16], data: [] })),
  ...input(
    'a shape without end',
    'INVALID_TENSOR',
    withFirst({ shape: Array.from({ length: 16 }, () => 2_147_483_647) }),
  ),
  ...input(
    'a shape of terabytes',
    'INVALID_TENSOR',
    withFirst({ shape: [2_147_483_647, 16], data: null, base64: 'AAAA' }),
  ),
  ...input('a dimension beyond 32 bits', 'BAD_USER_INPUT', withFirst({ shape: [2 ** 53, 16] })),
  ...input('base64 of a wrong length', 'INVALID_TENSOR', withFirst({ data: null, base64: base64Of(15) })),
  ...input('base64 that is none', 'INVALID_TENSOR', withFirst({ data: null, base64: '?'.repeat(88) })),
  ...input('data and base64', 'INVALID_TENSOR', withFirst({ base64: base64Of(16) })),
  ...input('"NaN" as a whole number', 'INVALID_TENSOR', withFirst({ data: ones.map(() => 'NaN') })),
  ...input('a number beyond the datatype', 'INVALID_TENSOR', withFirst({ data: ones.map(() => 2 ** 31) })),
  ...input('an object for data', 'INVALID_TENSOR', withFirst({ data: { length: 16 } })),
  ...input(
    'data nested ever deeper',
    'INVALID_TENSOR',
    withFirst({ data: JSON.parse(`${'['.repeat(99)}${']'.repeat(99)}`) }),
  ),
  ...input(
    'JSON above the limit',
    'TENSOR_TOO_LARGE',
    withFirst({ shape: [5_000, 16], data: Array.from({ length: 80_000 }, () => 1) }),
  ),
  ...input('an output that does not exist', 'INVALID_TENSOR', { ...simple, outputs: ['OUTPUT2'] }),
  ...input('an unknown model', 'MODEL_NOT_FOUND', { ...simple, model: 'nobody' }),
  ...input('an unknown version', 'MODEL_NOT_FOUND', { ...simple, version: 99 }),
  ...input('an unknown alias', 'MODEL_NOT_FOUND', { ...simple, alias: 'nobody' }),
  ...input('a name that is SQL', 'MODEL_NOT_FOUND', { ...simple, model: "x'; DROP TABLE users; --" }),
  ...input('version and alias', 'INVALID_INPUT', { ...simple, version: 1, alias: 'latest' }),
  ...input('neither inputs nor records', 'INVALID_INPUT', { model: 'simple' }),
  ...input('a deadline in the past', 'INVALID_INPUT', { ...simple, timeoutMs: -1 }),
  ...input('a record without a field', 'INVALID_RECORD', iris(incomplete)),
  ...input('a record with a field too many', 'INVALID_RECORD', iris({ ...flower, colour: 1 })),
  ...input('a record with a text for a number', 'INVALID_RECORD', iris({ ...flower, petalWidth: '0.2' })),
  ...input('a record with a null for a number', 'INVALID_RECORD', iris({ ...flower, petalWidth: null })),
  ...input('a record that names a prototype', 'INVALID_RECORD', iris({ ...flower, constructor: 1 })),
  ...input('no records at all', 'INVALID_RECORD', { model: 'iris', records: [] }),
  ...input('a name of a megabyte', 'MODEL_NOT_FOUND', { ...simple, model: 'x'.repeat(500_000) }),
  ...input('a name with U+0000', 'MODEL_NOT_FOUND', { ...simple, model: 'sim\0ple' }),
  ...input('a name from the prototype', 'MODEL_NOT_FOUND', { ...simple, model: '__proto__' }),
  ...input('a deadline beyond 32 bits', 'BAD_USER_INPUT', { ...simple, timeoutMs: 2 ** 40 }),
  ...input('a field that does not exist', 'BAD_USER_INPUT', { ...simple, sharedMemory: 'system' }),
  ...input('five thousand inputs', 'INVALID_TENSOR', { ...simple, inputs: Array.from({ length: 5_000 }, () => first) }),
  ...input(
    'records that are nested deep',
    'INVALID_RECORD',
    iris({ ...flower, petalWidth: JSON.parse(nested(1_000)) }),
  ),
  ...input(
    'a record of ten thousand fields',
    'INVALID_RECORD',
    iris(Object.fromEntries(Array.from({ length: 10_000 }, (_each, index) => [`f${index}`, 1]))),
  ),
  data('data nested ten thousand deep', 'INVALID_TENSOR', nested(10_000)),
  data('data nested four hundred thousand deep', 'INVALID_TENSOR', nested(400_000)),
  data('NaN as a word', 'BAD_REQUEST', '[NaN]'),
  data('a number beyond all numbers', 'INVALID_TENSOR', `[${'1e999,'.repeat(15)}1e999]`),
  // What only the model itself can find is found when it runs.
  body(
    'rows that differ between inputs',
    'MODEL_RUN_FAILED',
    bodyOf(PREDICT, { model: 'simple', inputs: [twoRows, threeRows] }),
  ),
];

const aliases = (count: number) => Array.from({ length: count }, (_each, index) => `a${index}: __typename`).join(' ');
const variables = Array.from({ length: 10_000 }, (_each, index) => `$v${index}: Int`).join(' ');
const doubling = Array.from({ length: 12 }, (_each, index) => {
  const next = index === 11 ? '__typename' : `...f${index + 1}`;
  return `fragment f${index} on Query { ${next} ${index === 11 ? 'again: __typename' : next} }`;
});
const literal = `{ predict(input: { model: "simple", inputs: [{ name: "INPUT0", data: ${nested(1_500)} }] }) { version } }`;

const operations: readonly Attack[] = [
  operation('a depth of 500', 'OPERATION_TOO_COMPLEX', `{ ${'models { '.repeat(500)} id ${'} '.repeat(500)} }`),
  operation('1,000 aliases', 'OPERATION_TOO_COMPLEX', `{ ${aliases(1_000)} }`),
  operation('5,000 aliases', 'GRAPHQL_PARSE_FAILED', `{ ${aliases(5_000)} }`),
  operation('2^12 fields by fragments', 'OPERATION_TOO_COMPLEX', `{ ...f0 } ${doubling.join(' ')}`),
  operation('fragments in a circle', 'GRAPHQL_VALIDATION_FAILED', '{ ...f } fragment f on Query { ...f }'),
  operation('500 directives', 'OPERATION_TOO_COMPLEX', `{ __typename ${'@include(if: true) '.repeat(500)} }`),
  operation('100,000 tokens', 'GRAPHQL_PARSE_FAILED', `{ ${'a '.repeat(100_000)}`),
  operation('10,000 variables', 'GRAPHQL_PARSE_FAILED', `query (${variables}) { __typename }`),
  operation('a literal nested 1,500 deep', 'GRAPHQL_VALIDATION_FAILED', literal),
  operation(
    'introspection in a circle',
    'OPERATION_TOO_COMPLEX',
    `{ __schema { types { ${'fields { type { '.repeat(12)} name ${'} } '.repeat(12)} } } }`,
  ),
  operation('a field that does not exist', 'GRAPHQL_VALIDATION_FAILED', '{ passwords }'),
  operation('no document', 'BAD_REQUEST', ''),
  operation('a document with U+0000', 'GRAPHQL_PARSE_FAILED', '{ \0 }'),
];

const bodies: readonly Attack[] = [
  body(
    'a body above the limit',
    'PAYLOAD_TOO_LARGE',
    ({ bodyMaxBytes }) => `{"query":"{ __typename }","pad":"${' '.repeat(bodyMaxBytes)}"}`,
  ),
  body('half a body', 'BAD_REQUEST', '{ "query": '),
  body('a list of operations', 'BAD_REQUEST', '[{ "query": "{ __typename }" }]'),
  body('null', 'BAD_REQUEST', 'null'),
  body('a prototype for a key', 'BAD_REQUEST', '{ "query": "{ __typename }", "__proto__": { "admin": true } }'),
  body('a document that is no text', 'BAD_REQUEST', '{ "query": { "kind": "Document" } }'),
  body('variables that are a list', 'BAD_REQUEST', '{ "query": "{ __typename }", "variables": [1] }'),
  body('variables nested deep', 'OK', `{ "query": "{ __typename }", "variables": { "x": ${nested(300_000)} } }`),
  body(
    'a hash of another document',
    'BAD_REQUEST',
    JSON.stringify({
      query: '{ __typename }',
      extensions: { persistedQuery: { version: 1, sha256Hash: 'ab'.repeat(32) } },
    }),
  ),
  body('another site', 'CROSS_SITE_REQUEST', '{ "query": "{ __typename }" }', { 'sec-fetch-site': 'cross-site' }),
  body('no credentials', 'UNAUTHENTICATED', bodyOf(PREDICT, simple), { 'x-api-key': '' }),
  body('credentials that are made up', 'UNAUTHENTICATED', bodyOf(PREDICT, simple), { 'x-api-key': 'nst_made_up' }),
  body('a token that is made up', 'UNAUTHENTICATED', bodyOf(PREDICT, simple), {
    'x-api-key': '',
    authorization: 'Bearer a.b.c',
  }),
  body('bytes that are no text', 'BAD_REQUEST', '\u0000\u0001', { 'content-encoding': 'gzip' }),
];

/** Operations over HTTP. */
export const graphqlAttacks: readonly Attack[] = [...inputs, ...operations, ...bodies];

import { deflateSync, gzipSync } from 'node:zlib';
import type { Attack, Outcome, Target } from './attack.js';

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const JSON_TYPE = { 'content-type': 'application/json' };
const ones = Array.from({ length: 16 }, () => 1);
const first = { name: 'INPUT0', datatype: 'INT32', shape: [1, 16], data: ones };
const second = { ...first, name: 'INPUT1' };
const inputs = [first, second];

/** One that goes to the model `simple` unless said otherwise. */
function rest(what: string, code: string, body: unknown, { path, method, headers = JSON_TYPE }: Sent = {}): Attack {
  return {
    what,
    code,
    send: (target) => post(target, path ?? '/models/simple/infer', method ?? 'POST', bytesOf(body, target), headers),
  };
}

function bytesOf(body: unknown, target: Target): string | Uint8Array {
  const given = typeof body === 'function' ? (body as (target: Target) => unknown)(target) : body;
  return typeof given === 'string' || given instanceof Uint8Array ? given : JSON.stringify(given);
}

async function post(
  { url, key }: Target,
  path: string,
  method: string,
  body: string | Uint8Array,
  headers: Readonly<Record<string, string>>,
): Promise<Outcome> {
  const response = await fetch(`${url}/v2${path}`, {
    method,
    headers: { ...key, ...headers },
    ...(method === 'POST' && { body: typeof body === 'string' ? body : new Uint8Array(body) }),
  });
  const text = await response.text();
  return { code: response.ok ? 'OK' : (response.headers.get('x-nestor-error-code') ?? codeIn(text)), text };
}

/** What is refused before its path was read is told in Nestor's own form. */
function codeIn(text: string): string {
  return (JSON.parse(text) as { error: { code: string } }).error.code;
}

/** A body of the binary tensor data extension. @param length what the header says, where that is not the truth. */
function binary(what: string, code: string, json: unknown, tensors: readonly Uint8Array[], length?: string): Attack {
  const text = Buffer.from(JSON.stringify(json));
  const headers = {
    'content-type': 'application/octet-stream',
    'inference-header-content-length': length ?? String(text.byteLength),
  };
  return rest(what, code, Buffer.concat([text, ...tensors]), { headers });
}

const announced = (name: string, size: unknown, shape: readonly unknown[] = [1, 16]) => ({
  name,
  datatype: 'INT32',
  shape,
  parameters: { binary_data_size: size },
});
const withSecond = (change: object) => ({ inputs: [first, { ...second, ...change }] });
const with64 = Buffer.alloc(64);

/** A BYTES element: a length, which may be a lie, and the bytes. */
const element = (length: number, bytes: Uint8Array) => {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(length);
  return Buffer.concat([head, bytes]);
};
const strings = (what: string, code: string, data: Uint8Array, shape: readonly number[] = [1, 4]) => {
  const json = Buffer.from(
    JSON.stringify({
      inputs: [{ name: 'input', datatype: 'BYTES', shape, parameters: { binary_data_size: data.byteLength } }],
    }),
  );
  const headers = { 'inference-header-content-length': String(json.byteLength) };
  return rest(what, code, Buffer.concat([json, data]), { path: '/models/strings/infer', headers });
};
const floats = (what: string, code: string, data: string) =>
  rest(what, code, `{"inputs":[{"name":"input","datatype":"FP32","shape":[1,4],"data":${data}}]}`, {
    path: '/models/floats/infer',
  });

const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
const withData = (data: string) =>
  `{"inputs":[{"name":"INPUT0","datatype":"INT32","shape":[1,16],"data":${data}},${JSON.stringify(second)}]}`;

const form: readonly Attack[] = [
  rest('no object', 'INVALID_INPUT', [1]),
  rest('null', 'INVALID_INPUT', 'null'),
  rest('no inputs', 'INVALID_INPUT', {}),
  rest('inputs of no form', 'INVALID_INPUT', { inputs: [1] }),
  rest('inputs that are an object', 'INVALID_INPUT', { inputs: { length: 2, 0: first, 1: second } }),
  rest('an input too few', 'INVALID_TENSOR', { inputs: [first] }),
  rest('an unknown input', 'INVALID_TENSOR', { inputs: [...inputs, { ...first, name: 'OTHER' }] }),
  rest('an input twice', 'INVALID_TENSOR', { inputs: [first, first, second] }),
  rest('ten thousand inputs', 'INVALID_TENSOR', { inputs: Array.from({ length: 10_000 }, () => first) }),
  rest('a name that is no text', 'INVALID_TENSOR', withSecond({ name: { toString: 'INPUT1' } })),
  rest('a name of a megabyte', 'INVALID_TENSOR', withSecond({ name: 'x'.repeat(500_000) })),
  rest('the wrong datatype', 'INVALID_TENSOR', withSecond({ datatype: 'FP32' })),
  rest('a datatype from the prototype', 'INVALID_TENSOR', withSecond({ datatype: 'constructor' })),
  rest('outputs that are named twice', 'INVALID_TENSOR', {
    inputs,
    outputs: [{ name: 'OUTPUT0' }, { name: 'OUTPUT0' }],
  }),
  rest('an output without name', 'INVALID_TENSOR', { inputs, outputs: [{}] }),
  rest('an unknown output', 'INVALID_TENSOR', { inputs, outputs: [{ name: 'OTHER' }] }),
  rest('ten thousand outputs', 'INVALID_TENSOR', {
    inputs,
    outputs: Array.from({ length: 10_000 }, (_, index) => ({ name: `o${index}` })),
  }),
  rest('an id that is no text', 'INVALID_INPUT', { inputs, id: 7 }),
  rest('an id of a megabyte', 'INVALID_INPUT', { inputs, id: 'x'.repeat(500_000) }),
  rest('an id that breaks lines of a log', 'INVALID_INPUT', { inputs, id: 'a\n{"level":"error"}' }),
  rest('parameters of no form', 'INVALID_INPUT', { inputs, parameters: 3 }),
  rest('a flag that is none', 'INVALID_INPUT', { inputs, parameters: { binary_data_output: 'yes' } }),
  rest('a timeout below zero', 'INVALID_INPUT', { inputs, parameters: { timeout: -1 } }),
  rest('a timeout of ages', 'INVALID_INPUT', { inputs, parameters: { timeout: 2 ** 53 - 1 } }),
  rest('a timeout beyond numbers', 'INVALID_INPUT', '{"inputs":[],"parameters":{"timeout":1e999}}'),
];

const shapes: readonly Attack[] = [
  rest('a negative dimension', 'INVALID_TENSOR', withSecond({ shape: [-1, 16] })),
  rest('two negative dimensions', 'INVALID_TENSOR', withSecond({ shape: [-4, -4] })),
  rest('dimensions whose product overflows', 'INVALID_TENSOR', withSecond({ shape: [2 ** 52, 2 ** 52] })),
  rest('dimensions whose product overflows to 16', 'INVALID_TENSOR', withSecond({ shape: [2 ** 60, 16] })),
  rest('a dimension that is no whole number', 'INVALID_TENSOR', withSecond({ shape: [1.5, 16] })),
  rest('a dimension that is text', 'INVALID_TENSOR', withSecond({ shape: ['1', 16] })),
  rest(
    'a dimension beyond numbers',
    'INVALID_TENSOR',
    `{"inputs":[${JSON.stringify(first)},{"name":"INPUT1","datatype":"INT32","shape":[1e999,16],"data":[]}]}`,
  ),
  rest('a million dimensions', 'INVALID_TENSOR', withSecond({ shape: Array.from({ length: 200_000 }, () => 1) })),
  rest('a shape of terabytes', 'TENSOR_TOO_LARGE', withSecond({ shape: [2 ** 40, 16] })),
  rest('a batch of no rows', 'INVALID_TENSOR', {
    inputs: inputs.map((input) => ({ ...input, shape: [0, 16], data: [] })),
  }),
  rest('elements too few', 'INVALID_TENSOR', withSecond({ data: [1, 2] })),
  rest('elements too many', 'INVALID_TENSOR', withSecond({ data: [...ones, 1] })),
  rest(
    'elements too many for JSON',
    'TENSOR_TOO_LARGE',
    withSecond({ shape: [5_000, 16], data: Array.from({ length: 80_000 }, () => 1) }),
  ),
  rest('a number beyond the datatype', 'INVALID_TENSOR', withSecond({ data: ones.map(() => 2 ** 31) })),
  rest('a list that only looks like one', 'INVALID_TENSOR', withSecond({ data: { length: 16 } })),
];

const json: readonly Attack[] = [
  rest('an empty body', 'BAD_REQUEST', ''),
  rest('half a body', 'BAD_REQUEST', '{"inputs":'),
  rest('a body of brackets', 'BAD_REQUEST', '['.repeat(500_000)),
  rest('deep nesting that is closed', 'INVALID_TENSOR', withData(nested(20_000))),
  rest('very deep nesting that is closed', 'INVALID_TENSOR', withData(nested(400_000))),
  rest('deep nesting beside what is read', 'OK', `{"extra":${nested(400_000)},"inputs":${JSON.stringify(inputs)}}`),
  rest('a hundred thousand keys', 'OK', {
    inputs,
    ...Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, 0])),
  }),
  rest('a key twice: the last counts', 'OK', `{"inputs":[1],"inputs":${JSON.stringify(inputs)}}`),
  rest('a key twice, the last one bad', 'INVALID_INPUT', `{"inputs":${JSON.stringify(inputs)},"inputs":[1]}`),
  rest('a prototype for a key', 'BAD_REQUEST', `{"__proto__":{"inputs":[]},"inputs":${JSON.stringify(inputs)}}`),
  rest('text that is no UTF-8', 'BAD_REQUEST', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a])),
  floats('NaN as a word', 'BAD_REQUEST', '[NaN,1,1,1]'),
  floats('Infinity as a word', 'BAD_REQUEST', '[1,Infinity,1,1]'),
  floats('a float beyond all floats', 'INVALID_TENSOR', '[1e999,1,1,1]'),
  floats('a float beyond 32 bits', 'INVALID_TENSOR', '[1e39,1,1,1]'),
  floats('a number of a hundred thousand digits', 'INVALID_TENSOR', `[${'9'.repeat(100_000)},1,1,1]`),
  floats('a null for a number', 'INVALID_TENSOR', '[null,1,1,1]'),
  rest('text for numbers', 'INVALID_TENSOR', withSecond({ data: ones.map(() => '1') })),
  rest(
    'a body above the limit',
    'PAYLOAD_TOO_LARGE',
    ({ bodyMaxBytes }: Target) => `{"pad":"${' '.repeat(bodyMaxBytes)}"}`,
  ),
];

const bytes: readonly Attack[] = [
  binary('bytes that are not there', 'INVALID_TENSOR', { inputs: [first, announced('INPUT1', 64)] }, []),
  binary('a size below zero', 'INVALID_TENSOR', { inputs: [first, announced('INPUT1', -1)] }, [with64]),
  binary('a size that is no whole number', 'INVALID_TENSOR', { inputs: [first, announced('INPUT1', 63.5)] }, [with64]),
  binary('a size that is text', 'INVALID_TENSOR', { inputs: [first, announced('INPUT1', '64')] }, [with64]),
  binary('a size beyond 2^53', 'INVALID_TENSOR', { inputs: [first, announced('INPUT1', 2 ** 60)] }, [with64]),
  binary(
    'sizes whose sum overflows',
    'INVALID_TENSOR',
    { inputs: [announced('INPUT0', 2 ** 53 - 1), announced('INPUT1', 2 ** 53 - 1)] },
    [with64],
  ),
  binary('bytes too few for the shape', 'INVALID_TENSOR', { inputs: [first, announced('INPUT1', 60)] }, [
    with64.subarray(4),
  ]),
  binary('bytes too many for the shape', 'INVALID_TENSOR', { inputs: [first, announced('INPUT1', 68)] }, [
    Buffer.alloc(68),
  ]),
  binary(
    'bytes for a shape of terabytes',
    'INVALID_TENSOR',
    { inputs: [first, announced('INPUT1', 64, [2 ** 40, 16])] },
    [with64],
  ),
  binary('bytes that belong to nothing', 'INVALID_TENSOR', { inputs }, [Buffer.alloc(8)]),
  binary(
    'both data and bytes',
    'INVALID_TENSOR',
    { inputs: [first, { ...second, parameters: { binary_data_size: 0 } }] },
    [],
  ),
  ...['3000000', '-1', '1e3', '0x10', '16 16', '99999999999999999999', 'NaN', '+5', '5,5'].map((length) =>
    binary(`a header that says ${length}`, 'BAD_REQUEST', { inputs }, [], length),
  ),
  binary('a header that cuts the JSON off', 'BAD_REQUEST', { inputs }, [], '10'),
  rest('a raw body for two inputs', 'INVALID_INPUT', with64, { headers: { 'inference-header-content-length': '0' } }),
  rest('a raw body of seven bytes', 'INVALID_TENSOR', Buffer.alloc(7), {
    path: '/models/floats/infer',
    headers: { 'inference-header-content-length': '0' },
  }),
  rest('an empty raw body', 'INVALID_TENSOR', Buffer.alloc(0), {
    path: '/models/floats/infer',
    headers: { 'inference-header-content-length': '0' },
  }),
  strings('a string longer than all bytes', 'INVALID_TENSOR', element(2 ** 32 - 1, Buffer.from('a'))),
  strings(
    'a string longer than the rest',
    'INVALID_TENSOR',
    Buffer.concat([element(1, Buffer.from('a')), element(9, Buffer.from('b'))]),
  ),
  strings('a length that is cut off', 'INVALID_TENSOR', Buffer.from([1, 0])),
  strings('strings too few', 'INVALID_TENSOR', element(1, Buffer.from('a'))),
  strings('strings too many', 'INVALID_TENSOR', Buffer.alloc(4 * 5)),
  strings('a hundred thousand empty strings', 'INVALID_TENSOR', Buffer.alloc(4 * 100_000)),
  strings(
    'strings that are no UTF-8',
    'INVALID_TENSOR',
    Buffer.concat(Array.from({ length: 4 }, () => element(2, Buffer.from([0xff, 0xfe])))),
  ),
  rest(
    'a binary body above the limit',
    'PAYLOAD_TOO_LARGE',
    ({ binaryBodyMaxBytes }: Target) => Buffer.alloc(binaryBodyMaxBytes + 1),
    { headers: {} },
  ),
];

const gzip = { ...JSON_TYPE, 'content-encoding': 'gzip' };
const deflate = { ...JSON_TYPE, 'content-encoding': 'deflate' };
const good = JSON.stringify({ inputs });

const compression: readonly Attack[] = [
  rest('a gzip bomb', 'PAYLOAD_TOO_LARGE', () => gzipSync(Buffer.alloc(64_000_000)), { headers: gzip }),
  rest('a deflate bomb', 'PAYLOAD_TOO_LARGE', () => deflateSync(Buffer.alloc(64_000_000)), { headers: deflate }),
  rest('a bomb within a bomb', 'BAD_REQUEST', () => gzipSync(gzipSync(Buffer.alloc(64_000_000))), { headers: gzip }),
  rest('gzip that is none', 'BAD_REQUEST', good, { headers: gzip }),
  rest('deflate that is gzip', 'BAD_REQUEST', () => gzipSync(good), { headers: deflate }),
  rest('gzip that is cut off', 'BAD_REQUEST', () => gzipSync(good).subarray(0, 30), { headers: gzip }),
  rest(
    'gzip with a wrong checksum',
    'BAD_REQUEST',
    () => {
      const packed = gzipSync(good);
      packed[packed.length - 5] = (packed[packed.length - 5] ?? 0) ^ 0xff;
      return packed;
    },
    { headers: gzip },
  ),
  rest('a compression that is not known', 'BAD_REQUEST', good, { headers: { ...JSON_TYPE, 'content-encoding': 'br' } }),
  rest('compressions in a chain', 'BAD_REQUEST', good, {
    headers: { ...JSON_TYPE, 'content-encoding': 'gzip, gzip, gzip' },
  }),
];

const sharedMemory = { shared_memory_region: 'system', shared_memory_byte_size: 64, shared_memory_offset: 2 ** 40 };

/** What Triton has and Nestor has not: to overlook it would give answers that mean something else. */
const unspoken: readonly Attack[] = [
  rest('an input in shared memory', 'INVALID_INPUT', withSecond({ data: undefined, parameters: sharedMemory })),
  rest('an input in shared memory beside its data', 'INVALID_INPUT', withSecond({ parameters: sharedMemory })),
  rest('an output into shared memory', 'INVALID_INPUT', {
    inputs,
    outputs: [{ name: 'OUTPUT0', parameters: sharedMemory }],
  }),
  rest('an output as classes', 'INVALID_INPUT', {
    inputs,
    outputs: [{ name: 'OUTPUT0', parameters: { classification: 3 } }],
  }),
  rest('a sequence', 'INVALID_INPUT', {
    inputs,
    parameters: { sequence_id: 7, sequence_start: true, sequence_end: false },
  }),
  rest('a sequence by text', 'INVALID_INPUT', { inputs, parameters: { sequence_id: 'seven' } }),
  rest(
    'the registration of shared memory',
    'NOT_FOUND',
    { key: '/etc/passwd', byte_size: 64 },
    { path: '/systemsharedmemory/region/x/register' },
  ),
  rest('the registration of memory of a GPU', 'NOT_FOUND', {}, { path: '/cudasharedmemory/region/x/register' }),
  rest('settings of the trace', 'NOT_FOUND', { trace_file: '/etc/passwd' }, { path: '/trace/setting' }),
  rest('settings of the log', 'NOT_FOUND', { log_file: '/etc/passwd' }, { path: '/logging' }),
];

const paths: readonly Attack[] = [
  rest('an unknown model', 'MODEL_NOT_FOUND', { inputs }, { path: '/models/nothing/infer' }),
  rest('a model that is a path', 'MODEL_NOT_FOUND', { inputs }, { path: '/models/..%2f..%2fetc%2fpasswd/infer' }),
  rest(
    'a model that is SQL',
    'MODEL_NOT_FOUND',
    { inputs },
    { path: `/models/${encodeURIComponent("x'; DROP TABLE users; --")}/infer` },
  ),
  rest('a model with U+0000', 'MODEL_NOT_FOUND', { inputs }, { path: '/models/simple%00/infer' }),
  rest('a model from the prototype', 'MODEL_NOT_FOUND', { inputs }, { path: '/models/__proto__/infer' }),
  rest(
    'a model of ten thousand letters',
    'MODEL_NOT_FOUND',
    { inputs },
    { path: `/models/${'x'.repeat(10_000)}/infer` },
  ),
  rest('a path that is no UTF-8', 'BAD_REQUEST', { inputs }, { path: '/models/%ff%fe/infer' }),
  rest('a path with half an escape', 'BAD_REQUEST', { inputs }, { path: '/models/%f/infer' }),
  rest('an unknown version', 'MODEL_NOT_FOUND', { inputs }, { path: '/models/simple/versions/9/infer' }),
  rest('a version below zero', 'MODEL_NOT_FOUND', { inputs }, { path: '/models/simple/versions/-1/infer' }),
  rest(
    'a version beyond 64 bits',
    'MODEL_NOT_FOUND',
    { inputs },
    { path: `/models/simple/versions/${'9'.repeat(40)}/infer` },
  ),
  rest('a version that is a word', 'MODEL_NOT_FOUND', { inputs }, { path: '/models/simple/versions/latest/infer' }),
  rest('an index that is asked for by a list', 'OK', [1, 2], { path: '/repository/index' }),
  rest('an index that is asked for by rubbish', 'BAD_REQUEST', Buffer.from([0xff, 0x00]), {
    path: '/repository/index',
    headers: {},
  }),
  rest('an inference that is only looked at', 'NOT_FOUND', '', { method: 'GET' }),
  rest('a method that is not served', 'NOT_FOUND', '', { method: 'DELETE', headers: {} }),
  rest('no credentials', 'UNAUTHENTICATED', { inputs }, { headers: { ...JSON_TYPE, 'x-api-key': '' } }),
  rest(
    'credentials that are made up',
    'UNAUTHENTICATED',
    { inputs },
    { headers: { ...JSON_TYPE, 'x-api-key': 'nst_wrong' } },
  ),
];

/** Requests of the Open Inference Protocol over HTTP; among them those of Triton's own tests (`qa/L0_http/http_test.py`). */
export const restAttacks: readonly Attack[] = [
  ...form,
  ...shapes,
  ...json,
  ...bytes,
  ...compression,
  ...unspoken,
  ...paths,
];

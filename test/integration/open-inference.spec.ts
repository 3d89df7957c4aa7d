import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { identityModel, simpleModel } from '../support/onnx/models.js';

let nestor: TestNestor;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false, overrides: { NESTOR_BINARY_BODY_MAX_BYTES: '100000' } });
  await nestor.addModel('simple', simpleModel());
  await nestor.addModel('simple', identityModel('INT64'));
  await nestor.addModel('strings', identityModel('BYTES'));
  await nestor.addModel('floats', identityModel('FP32'));
});
afterAll(async () => {
  await nestor.close();
});

const ones = Array.from({ length: 16 }, () => 1);
const counts = Array.from({ length: 16 }, (_, index) => index);
const INPUTS = [
  { name: 'INPUT0', datatype: 'INT32', shape: [1, 16], data: counts },
  { name: 'INPUT1', datatype: 'INT32', shape: [1, 16], data: [ones] },
];
/** Rows whose answer is worth compressing. */
const MANY_ROWS = 600;
const MANY_INPUTS = INPUTS.map(({ name, datatype }) => ({
  name,
  datatype,
  shape: [MANY_ROWS, 16],
  data: Array.from({ length: MANY_ROWS }, () => (name === 'INPUT0' ? counts : ones)),
}));
const int32 = (values: readonly number[]) => Buffer.from(new Int32Array(values).buffer);
const SIMPLE_PATH = '/models/simple/versions/1/infer';
const sums = counts.map((count) => count + 1);
const differences = counts.map((count) => count - 1);

const call = async (method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
  const response = await fetch(`${nestor.url}/v2${path}`, {
    method,
    headers: {
      ...nestor.key,
      ...(body === undefined || body instanceof Buffer ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: body instanceof Buffer ? new Uint8Array(body) : JSON.stringify(body) }),
  });
  return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
};
const json = async (...parameters: Parameters<typeof call>) => {
  const { status, bytes } = await call(...parameters);
  return { status, body: JSON.parse(bytes.toString()) as unknown };
};
const infer = (body: unknown, path = SIMPLE_PATH, headers = {}) => json('POST', path, body, headers);

/** A body of the binary tensor data extension. */
function binary(request: object, ...tensors: readonly Buffer[]): [Buffer, Record<string, string>] {
  const text = Buffer.from(JSON.stringify(request));
  return [Buffer.concat([text, ...tensors]), { 'inference-header-content-length': String(text.byteLength) }];
}

describe('the server', () => {
  it('tells what it is and speaks, without credentials', async () => {
    const answer = await json('GET', '', undefined, { 'x-api-key': '' });
    expect(answer).toMatchObject({
      status: 200,
      body: { name: 'nestor', extensions: expect.arrayContaining(['binary_tensor_data']) },
    });
    expect(await json('GET', '/health/live')).toEqual({ status: 200, body: { live: true } });
    expect(await json('GET', '/health/ready')).toEqual({ status: 200, body: { ready: true } });
  });
});

describe('an inference', () => {
  // Where the length of the JSON is given, the framework answers; where not, the front door.
  it.each<[string, object]>([
    ['with tensors in JSON', { id: 'x-1', inputs: INPUTS, outputs: [{ name: 'OUTPUT0' }] }],
    ['with tensors as bytes', { inputs: INPUTS, parameters: { binary_data_output: true } }],
    ['of many rows in JSON', { inputs: MANY_INPUTS }],
    ['of many rows as bytes', { inputs: MANY_INPUTS, parameters: { binary_data_output: true } }],
    ['that is refused', { inputs: [] }],
  ])('%s is answered alike by the front door and by the framework', async (_what, request) => {
    const length = { 'inference-header-content-length': String(JSON.stringify(request).length) };
    const ask = async (headers: Readonly<Record<string, string>>) => {
      const answer = await call('POST', SIMPLE_PATH, request, headers);
      const named = Object.fromEntries(answer.headers);
      const facts = /,"parameters":\{"inference_ms".*?\}/;
      return {
        status: answer.status,
        body: answer.bytes.toString('latin1').replace(facts, ''),
        headers: {
          ...named,
          'x-request-id': '',
          date: '',
          'content-length': '',
          'inference-header-content-length': '',
        },
      };
    };
    expect(await ask(length)).toEqual(await ask({}));
  });

  it.each([
    ['gzip', false],
    ['gzip', true],
    ['deflate', false],
    ['deflate', true],
  ])('of many rows is answered in %s where that is accepted (as bytes: %s)', async (encoding, isBinary) => {
    const request = { inputs: MANY_INPUTS, parameters: { binary_data_output: isBinary } };
    const plain = await call('POST', SIMPLE_PATH, request, { 'accept-encoding': 'identity' });
    const packed = await call('POST', SIMPLE_PATH, request, { 'accept-encoding': encoding });
    const encodings = [plain, packed].map(({ headers }) => [headers.get('content-encoding'), headers.get('vary')]);
    expect(encodings).toEqual([
      [null, 'accept-encoding'],
      [encoding, 'accept-encoding'],
    ]);
    expect(Number(packed.headers.get('content-length'))).toBeLessThan(plain.bytes.byteLength / 4);
    const lengthOfJson = Number(packed.headers.get('inference-header-content-length') ?? packed.bytes.byteLength);
    const outputs = { outputs: [{ name: 'OUTPUT0', shape: [MANY_ROWS, 16] }, { name: 'OUTPUT1' }] };
    expect(JSON.parse(packed.bytes.toString('utf8', 0, lengthOfJson))).toMatchObject(outputs);
    expect(packed.bytes.byteLength - lengthOfJson).toBe(isBinary ? 2 * MANY_ROWS * 16 * 4 : 0);
  });

  it('of a few rows is never compressed', async () => {
    const { headers } = await call('POST', SIMPLE_PATH, { inputs: INPUTS }, { 'accept-encoding': 'gzip' });
    expect([headers.get('content-encoding'), headers.get('vary')]).toEqual([null, null]);
  });
});

describe('a model', () => {
  it('tells its signature, which was derived from its file', async () => {
    expect(await json('GET', '/models/simple/versions/1')).toEqual({
      status: 200,
      body: {
        name: 'simple',
        versions: ['1', '2'],
        platform: 'onnxruntime_onnx',
        inputs: ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [-1, 16] })),
        outputs: ['OUTPUT0', 'OUTPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [-1, 16] })),
      },
    });
  });

  it('tells its configuration as Triton does', async () => {
    expect(await json('GET', '/models/simple/versions/1/config')).toMatchObject({
      status: 200,
      body: {
        name: 'simple',
        max_batch_size: 256,
        input: [{ name: 'INPUT0', data_type: 'TYPE_INT32', dims: [16] }, { name: 'INPUT1' }],
      },
    });
  });

  it('is ready when it can be served', async () => {
    expect(await json('GET', '/models/simple/ready')).toEqual({ status: 200, body: { name: 'simple', ready: true } });
    await nestor.ask('mutation { createRegisteredModel(input: { name: "empty" }) { name } }');
    expect(await json('GET', '/models/empty/ready')).toEqual({ status: 503, body: { name: 'empty', ready: false } });
    expect((await json('GET', '/models/nothing/ready')).status).toBe(404);
  });

  it('stands in the index of the repository', async () => {
    const { body } = await json('POST', '/repository/index', { ready: true });
    expect(body).toContainEqual({ name: 'simple', version: '2', state: 'READY', reason: '' });
    expect((await call('POST', '/repository/index')).status).toBe(200);
  });
});

describe('infer', () => {
  it('answers JSON with JSON, and echoes the id', async () => {
    expect(await infer({ id: 'mine', inputs: INPUTS })).toEqual({
      status: 200,
      body: {
        model_name: 'simple',
        model_version: '1',
        id: 'mine',
        parameters: {
          inference_ms: expect.any(Number),
          queue_ms: expect.any(Number),
          batch_rows: expect.any(Number),
          executor: expect.any(String),
        },
        outputs: [
          { name: 'OUTPUT0', datatype: 'INT32', shape: [1, 16], data: sums },
          { name: 'OUTPUT1', datatype: 'INT32', shape: [1, 16], data: differences },
        ],
      },
    });
    expect((await infer({ inputs: INPUTS })).body).not.toHaveProperty('id');
  });

  it('gives the outputs that are asked for and no others', async () => {
    const { body } = await infer({ inputs: INPUTS, outputs: [{ name: 'OUTPUT1' }] });
    expect(body).toMatchObject({ outputs: [{ name: 'OUTPUT1', data: differences }] });
  });

  it('takes and gives bytes', async () => {
    const inputs = INPUTS.map((input) => ({ ...input, data: undefined, parameters: { binary_data_size: 64 } }));
    const request = { inputs, parameters: { binary_data_output: true } };
    const [body, headers] = binary(request, int32(counts), int32(ones));
    const { status, headers: answered, bytes } = await call('POST', SIMPLE_PATH, body, headers);
    expect([status, answered.get('content-type')]).toEqual([200, 'application/octet-stream']);
    const length = Number(answered.get('inference-header-content-length'));
    expect(JSON.parse(bytes.toString('utf8', 0, length))).toMatchObject({
      outputs: [{ name: 'OUTPUT0', parameters: { binary_data_size: 64 } }, { name: 'OUTPUT1' }],
    });
    expect(bytes.subarray(length)).toEqual(Buffer.concat([int32(sums), int32(differences)]));
  });

  it('mixes JSON and bytes, of inputs and of outputs', async () => {
    const [first, second] = INPUTS;
    const request = {
      inputs: [first, { ...second, data: undefined, parameters: { binary_data_size: 64 } }],
      outputs: [{ name: 'OUTPUT0', parameters: { binary_data: true } }, { name: 'OUTPUT1' }],
    };
    const [body, headers] = binary(request, int32(ones));
    const { headers: answered, bytes } = await call('POST', SIMPLE_PATH, body, headers);
    const length = Number(answered.get('inference-header-content-length'));
    expect(JSON.parse(bytes.toString('utf8', 0, length))).toMatchObject({
      outputs: [{ parameters: { binary_data_size: 64 } }, { name: 'OUTPUT1', data: differences }],
    });
    expect(bytes.subarray(length)).toEqual(int32(sums));
  });

  it('takes a body that is nothing but the data of the one input', async () => {
    const data = Buffer.from(new Float32Array([0.5, 1.5, -2, 4, 0, 1, 2, 3]).buffer);
    const headers = { 'inference-header-content-length': '0' };
    const { status, headers: answered, bytes } = await call('POST', '/models/floats/infer', data, headers);
    expect(status).toBe(200);
    expect(bytes.subarray(Number(answered.get('inference-header-content-length')))).toEqual(data);
    expect(await infer(Buffer.alloc(64), undefined, headers)).toMatchObject({ status: 400 });
    expect(await infer(Buffer.alloc(7), '/models/floats/infer', headers)).toMatchObject({ status: 400 });
  });

  it('takes JSON without a content type, and compressed bodies', async () => {
    const text = Buffer.from(JSON.stringify({ inputs: INPUTS }));
    expect(await infer(text)).toMatchObject({ status: 200 });
    const gzip = { 'content-encoding': 'gzip', 'content-type': 'application/json' };
    expect(await infer(gzipSync(text), undefined, gzip)).toMatchObject({ status: 200 });
    expect(await infer(text, undefined, gzip)).toMatchObject({ status: 400 });
    expect(await infer(text, undefined, { 'content-encoding': 'br' })).toMatchObject({ status: 400 });
  });

  it('carries 64-bit integers with all their digits, and strings', async () => {
    const data = ['9007199254740993', 7, 0, -1];
    const request = { inputs: [{ name: 'input', datatype: 'INT64', shape: [1, 4], data }] };
    const { bytes } = await call('POST', '/models/simple/versions/2/infer', request);
    expect(bytes.toString()).toContain('"data":[9007199254740993,7,0,-1]');
    const strings = { inputs: [{ name: 'input', datatype: 'BYTES', shape: [1, 4], data: ['ä', '', 'b', 'c'] }] };
    expect((await infer(strings, '/models/strings/infer')).body).toMatchObject({
      outputs: [{ data: ['ä', '', 'b', 'c'] }],
    });
  });

  it('counts what it answered', async () => {
    const before = await json('GET', '/models/simple/versions/1/stats');
    await infer({ inputs: INPUTS });
    await infer({ inputs: INPUTS.slice(1) });
    const after = await json('GET', '/models/simple/versions/1/stats');
    const counted = ({ body }: typeof before) => {
      const [{ inference_count: count, inference_stats: stats }] = (
        body as { model_stats: [{ inference_count: number; inference_stats: Record<string, { count: number }> }] }
      ).model_stats;
      return { count, success: stats['success']?.count ?? 0, fail: stats['fail']?.count ?? 0 };
    };
    const [was, is] = [counted(before), counted(after)];
    expect(is).toEqual({ count: was.count + 1, success: was.success + 1, fail: was.fail + 1 });
    const all = (await json('GET', '/models/stats')).body as { model_stats: { name: string }[] };
    expect(new Set(all.model_stats.map(({ name }) => name))).toEqual(
      new Set(['digits', 'floats', 'iris', 'simple', 'strings']),
    );
  });
});

interface Routed {
  readonly model_name: string;
  readonly model_version: string;
  readonly parameters: { readonly deployment: string; readonly variant: string };
}

describe('a deployment', () => {
  it('is called by its name as a model is, and tells which variant answered', async () => {
    const variants = [
      { name: 'main', role: 'CHAMPION', model: 'adder', version: 1, weight: 50 },
      { name: 'rival', role: 'CHALLENGER', model: 'adder', version: 2, weight: 50 },
    ];
    await nestor.addModel('adder', simpleModel());
    await nestor.addModel('adder', simpleModel());
    await nestor.ask('mutation ($input: CreateDeploymentInput!) { createDeployment(input: $input) { name } }', {
      input: { name: 'sums', environment: 'PRODUCTION', variants },
    });
    const metadata = await json('GET', '/models/sums');
    expect(metadata).toMatchObject({ status: 200, body: { name: 'adder', inputs: [{ name: 'INPUT0' }, {}] } });
    expect(await json('GET', '/models/sums/ready')).toMatchObject({ status: 200 });
    const seen = new Map<string, Set<unknown>>();
    for (let index = 0; index < 40; index += 1) {
      const key = `user-${index % 20}`;
      const { status, body } = await infer({ inputs: INPUTS, parameters: { sticky_key: key } }, '/models/sums/infer');
      expect(status).toBe(200);
      const { model_name, model_version, parameters } = body as Routed;
      const { deployment, variant } = parameters;
      expect([model_name, deployment]).toEqual(['adder', 'sums']);
      expect(model_version).toBe(variant === 'main' ? '1' : '2');
      seen.set(key, (seen.get(key) ?? new Set()).add(variant));
    }
    expect([...seen.values()].every((variantsOfKey) => variantsOfKey.size === 1)).toBe(true);
    expect(new Set([...seen.values()].flatMap((variantsOfKey) => [...variantsOfKey]))).toEqual(
      new Set(['main', 'rival']),
    );
    expect((await infer({ inputs: INPUTS }, '/models/sums/versions/1/infer')).status).toBe(404);
    expect((await infer({ inputs: INPUTS, parameters: { sticky_key: 7 } }, '/models/sums/infer')).status).toBe(400);
  });
});

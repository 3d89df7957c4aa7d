import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type MethodName, openInferenceService } from '../../src/modules/inference/open-inference/grpc/protocol.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { identityModel, simpleModel } from '../support/onnx/models.js';

let nestor: TestNestor;
let client: Client;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false, overrides: { GRPC_PORT: '0' } });
  await nestor.addModel('simple', simpleModel());
  for (const datatype of DATATYPES) await nestor.addModel(`echo-${datatype}`, identityModel(datatype));
  client = new Client(`127.0.0.1:${nestor.grpcPort}`, credentials.createInsecure());
});
afterAll(async () => {
  client.close();
  await nestor.close();
});

const DATATYPES = ['BOOL', 'UINT8', 'INT16', 'INT32', 'INT64', 'UINT64', 'FP16', 'FP32', 'FP64', 'BYTES'] as const;

/** Calls a method as a client would that was generated from the protocol's definition. */
function call<Response>(
  name: MethodName,
  request: object,
  headers = nestor.key,
  deadlineMs = 20_000,
): Promise<Response> {
  const method = openInferenceService[name];
  if (method === undefined) throw new Error(`There is no method ${name}.`);
  const metadata = new Metadata();
  for (const [header, value] of Object.entries(headers)) metadata.set(header, value);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      metadata,
      { deadline: Date.now() + deadlineMs },
      (error, response) => (error === null ? resolve(response as Response) : reject(error)),
    );
  });
}
const failure = (...parameters: Parameters<typeof call>): Promise<ServiceError> =>
  call(...parameters).then(
    () => expect.unreachable('The call succeeded.'),
    (error: ServiceError) => error,
  );

interface InferResponse {
  readonly model_name: string;
  readonly model_version: string;
  readonly id: string;
  readonly parameters: Readonly<Record<string, { string_param: string }>>;
  readonly outputs: readonly { name: string; datatype: string; shape: readonly unknown[] }[];
  readonly raw_output_contents: readonly Uint8Array[];
}

const counts = Array.from({ length: 16 }, (_, index) => index);
const input = (name: string) => ({ name, datatype: 'INT32', shape: [1, 16], contents: { int_contents: counts } });
const simple = { model_name: 'simple', inputs: [input('INPUT0'), input('INPUT1')] };
const doubled = Buffer.from(new Int32Array(counts.map((count) => count * 2)).buffer);

describe('the Open Inference Protocol over gRPC', () => {
  it('tells of the server without credentials', async () => {
    expect(await call('ServerLive', {}, {})).toMatchObject({ live: true });
    expect(await call('ServerReady', {}, {})).toMatchObject({ ready: true });
    expect(await call('ServerMetadata', {}, {})).toMatchObject({ name: 'nestor', version: expect.any(String) });
  });

  it('tells of a model', async () => {
    expect(await call('ModelReady', { name: 'simple' })).toMatchObject({ ready: true });
    const { versions, inputs } = await call<{ versions: string[]; inputs: InferResponse['outputs'] }>('ModelMetadata', {
      name: 'simple',
      version: '1',
    });
    expect(versions).toEqual(['1']);
    expect(inputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape.map(Number) }))).toEqual(
      ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [-1, 16] })),
    );
  });

  it('tells the configuration and the statistics of a model', async () => {
    const { config } = await call<{ config: object }>('ModelConfig', { name: 'simple', version: '1' });
    expect(JSON.parse(JSON.stringify(config))).toMatchObject({
      name: 'simple',
      max_batch_size: 256,
      input: [{ name: 'INPUT0', data_type: 'TYPE_INT32', dims: ['16'] }, { name: 'INPUT1' }],
      dynamic_batching: {},
    });
    const inferences = async (): Promise<number> => {
      const { model_stats: stats } = await call<{ model_stats: { inference_count: unknown }[] }>('ModelStatistics', {
        name: 'simple',
      });
      return Number(stats[0]?.inference_count);
    };
    const before = await inferences();
    await call('ModelInfer', simple);
    expect(await inferences()).toBe(before + 1);
    expect(await failure('ModelConfig', { name: 'nothing' })).toMatchObject({ code: status.NOT_FOUND });
  });

  it('infers from elements and from raw bytes, and echoes the id', async () => {
    const answer = await call<InferResponse>('ModelInfer', { ...simple, id: 'mine' });
    expect(answer).toMatchObject({ model_name: 'simple', model_version: '1', id: 'mine' });
    expect(answer.outputs.map(({ name }) => name)).toEqual(['OUTPUT0', 'OUTPUT1']);
    expect(Buffer.from(answer.raw_output_contents[0] ?? [])).toEqual(doubled);
    expect(answer.parameters['executor']?.string_param).toMatch(/.+/);

    const bytes = Buffer.from(new Int32Array(counts).buffer);
    const raw = {
      ...simple,
      inputs: simple.inputs.map(({ contents: _contents, ...tensor }) => tensor),
      raw_input_contents: [bytes, bytes],
      outputs: [{ name: 'OUTPUT0' }],
    };
    const again = await call<InferResponse>('ModelInfer', raw);
    expect(again.raw_output_contents.map((part) => Buffer.from(part))).toEqual([doubled]);
  });

  it.each<[(typeof DATATYPES)[number], object, Uint8Array]>([
    ['BOOL', { bool_contents: [true, false, true, true] }, Uint8Array.of(1, 0, 1, 1)],
    ['UINT8', { uint_contents: [0, 1, 2, 255] }, Uint8Array.of(0, 1, 2, 255)],
    ['INT16', { int_contents: [-2, 1, 2, 3] }, new Uint8Array(Int16Array.of(-2, 1, 2, 3).buffer)],
    ['INT64', { int64_contents: [-1, 2, 3, 4] }, new Uint8Array(BigInt64Array.of(-1n, 2n, 3n, 4n).buffer)],
    ['UINT64', { uint64_contents: [1, 2, 3, 4] }, new Uint8Array(BigUint64Array.of(1n, 2n, 3n, 4n).buffer)],
    [
      'FP32',
      { fp32_contents: [0.5, NaN, Infinity, -1] },
      new Uint8Array(Float32Array.of(0.5, NaN, Infinity, -1).buffer),
    ],
    ['FP64', { fp64_contents: [0.1, 2, 3, 4] }, new Uint8Array(Float64Array.of(0.1, 2, 3, 4).buffer)],
    [
      'BYTES',
      { bytes_contents: ['a', '', 'ä', 'b'].map((text) => Buffer.from(text)) },
      Uint8Array.of(1, 0, 0, 0, 97, 0, 0, 0, 0, 2, 0, 0, 0, 0xc3, 0xa4, 1, 0, 0, 0, 98),
    ],
  ])('carries %s', async (datatype, contents, bytes) => {
    const tensor = { name: 'input', datatype, shape: [1, 4], contents };
    const { raw_output_contents: raw } = await call<InferResponse>('ModelInfer', {
      model_name: `echo-${datatype}`,
      inputs: [tensor],
    });
    expect(new Uint8Array(raw[0] ?? [])).toEqual(bytes);
  });

  it('refuses with the status of its kind, and says why', async () => {
    const wrong = { ...simple, inputs: [input('INPUT0')] };
    expect(await failure('ModelInfer', wrong)).toMatchObject({ code: status.INVALID_ARGUMENT, details: /INPUT1/ });
    const parts = { ...simple, raw_input_contents: [Buffer.alloc(64)] };
    expect(await failure('ModelInfer', parts)).toMatchObject({ code: status.INVALID_ARGUMENT });
    const bare = { ...simple, inputs: [{ name: 'INPUT0', datatype: 'INT32', shape: [1, 16] }, input('INPUT1')] };
    expect(await failure('ModelInfer', bare)).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await failure('ModelInfer', { ...simple, model_name: 'nothing' })).toMatchObject({ code: status.NOT_FOUND });
    expect(await failure('ModelMetadata', { name: 'simple', version: '7' })).toMatchObject({ code: status.NOT_FOUND });
    expect(await failure('ModelInfer', simple, {})).toMatchObject({ code: status.UNAUTHENTICATED });
    const forbidden = await nestor.ask<{ createApiKey: { key: string } }>(
      'mutation { createApiKey(input: { name: "reader", permissions: [MODEL_READ] }) { key } }',
    );
    const reader = { 'x-api-key': forbidden.createApiKey.key };
    expect(await failure('ModelInfer', simple, reader)).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(await call('ModelReady', { name: 'simple' }, reader)).toMatchObject({ ready: true });
  });

  it('lists, loads and unloads models as the model repository extension has it', async () => {
    const index = async (ready: boolean) => {
      const { models } = await call<{ models: object[] }>('RepositoryIndex', { ready });
      return models.filter((model) => 'name' in model && model.name === 'simple');
    };
    const ready = { name: 'simple', version: '1', state: 'READY', reason: '' };
    await call('RepositoryModelLoad', { model_name: 'simple' });
    expect(await index(true)).toMatchObject([ready]);
    await call('RepositoryModelUnload', {
      model_name: 'simple',
      parameters: { unload_dependents: { bool_param: true } },
    });
    expect(await index(true)).toEqual([]);
    expect(await index(false)).toMatchObject([{ ...ready, state: 'UNAVAILABLE', reason: 'unloaded' }]);
    const refused = await failure('ModelInfer', simple);
    expect(refused).toMatchObject({ code: status.FAILED_PRECONDITION, details: expect.stringMatching(/was unloaded/) });
    expect(await call('ModelReady', { name: 'simple' })).toMatchObject({ ready: false });
    const configured = { model_name: 'simple', parameters: { config: { string_param: '{}' } } };
    expect((await failure('RepositoryModelLoad', configured)).code).toBe(status.INVALID_ARGUMENT);
    expect((await failure('RepositoryModelLoad', { model_name: 'nothing' })).code).toBe(status.NOT_FOUND);
    expect((await failure('RepositoryModelUnload', { model_name: 'simple' }, {})).code).toBe(status.UNAUTHENTICATED);
    await call('RepositoryModelLoad', { model_name: 'simple' });
    expect(await call('ModelInfer', simple)).toMatchObject({ model_name: 'simple' });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { fixedBatchModel, identityModel, lookupModel, simpleModel } from '../support/onnx/models.js';
import { until } from '../support/inference.js';

let nestor: TestNestor;
beforeAll(async () => {
  nestor = await startTestNestor({ redis: false, overrides: { NESTOR_EXECUTORS: '2', GRPC_PORT: '0' } });
  await nestor.addModel('simple', simpleModel());
  await nestor.addModel('simple', identityModel('INT64', 3));
  await nestor.addModel('twin', identityModel('FP32', 2));
  await nestor.addModel('other-twin', identityModel('FP32', 2));
  await nestor.addModel('fixed', fixedBatchModel());
  await nestor.addModel('floats', identityModel('FP32', 3));
  await nestor.addModel('lookup', lookupModel());
});
afterAll(async () => {
  await nestor.close();
});

interface Entry {
  readonly model: string;
  readonly version: number;
  readonly residency: string;
  readonly state: string;
  readonly reason: string;
  readonly instances: readonly { readonly executor: string; readonly state: string }[];
}

const ENTRY = '{ model version residency state reason instances { executor state reason } }';

const index = async (model?: string, ready = false) => {
  const query = `query ($model: String, $ready: Boolean!) { modelRepositoryIndex(model: $model, ready: $ready) ${ENTRY} }`;
  return (await nestor.ask<{ modelRepositoryIndex: Entry[] }>(query, { model, ready })).modelRepositoryIndex;
};
const load = (input: object) =>
  nestor.send<{ loadModel: Entry }>(`mutation ($input: LoadModelInput!) { loadModel(input: $input) ${ENTRY} }`, {
    input,
  });
const unload = (input: object) =>
  nestor.send<{ unloadModel: Entry[] }>(
    `mutation ($input: UnloadModelInput!) { unloadModel(input: $input) ${ENTRY} }`,
    {
      input,
    },
  );
const setPolicy = (input: object) =>
  nestor.send<{ setServingPolicy: { servingPolicy: Record<string, unknown> } }>(
    `mutation ($input: SetServingPolicyInput!) {
      setServingPolicy(input: $input) {
        residency
        servingPolicy {
          maxBatchRows batchDelayMs queueLimit instances { min max } priorities { levels default }
          deadline { defaultMs maxMs } device { kind required } cache { maxBytes ttlMs } warmUp { name kind rows }
        }
      }
    }`,
    { input },
  );
const predict = (input: object) =>
  nestor.send<{ predict: { executor: string; outputs: { data: unknown[] }[] } }>(
    'query ($input: PredictInput!) { predict(input: $input) { executor outputs { data } } }',
    { input },
  );
const floats = (model: string, columns: number, value = 1, more: object = {}) => {
  const data = Array.from({ length: columns }, () => value);
  return predict({ model, inputs: [{ name: 'input', datatype: 'FP32', shape: [1, columns], data }], ...more });
};
/** A warm-up sample of the lookup model, which has four elements. */
const sample = (index: number) => ({
  name: `row ${index}`,
  kind: 'DATA',
  inputs: [{ name: 'index', datatype: 'INT64', shape: [1], data: [index] }],
});
const codeOf = ({ errors }: { readonly errors?: readonly { readonly extensions?: { readonly code?: unknown } }[] }) =>
  errors?.[0]?.extensions?.code;
const messageOf = ({ errors }: { readonly errors?: readonly { readonly message: string }[] }) => errors?.[0]?.message;

const v2 = async (path: string, body: object = {}) => {
  const headers = { ...nestor.key, 'content-type': 'application/json' };
  const response = await fetch(`${nestor.url}/v2/${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const text = await response.text();
  return { status: response.status, text, code: response.headers.get('x-nestor-error-code') };
};
const v2Index = async (ready = false) =>
  JSON.parse((await v2('repository/index', { ready })).text) as { name: string; version: string; state: string }[];

const scale = (replicas: number) =>
  nestor.ask('mutation ($input: ScaleExecutorPoolInput!) { scaleExecutorPool(input: $input) { name } }', {
    input: { pool: 'default', replicas },
  });

/** Whether an answer was remembered; undefined where nothing is. */
const cached = async (value: number) => {
  const inputs = [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [value, 0, 0] }];
  const { text } = await v2('models/floats/infer', { inputs });
  const { parameters, outputs } = JSON.parse(text) as {
    parameters: { from_cache?: boolean };
    outputs: { data: number[] }[];
  };
  expect(outputs[0]?.data).toEqual([value, 0, 0]);
  return parameters.from_cache;
};

const held = (entry: Entry | undefined) => entry?.instances.filter(({ state }) => state === 'READY').length ?? 0;

describe('loading and unloading', () => {
  it('keeps a version on one executor unless its policy says otherwise, and tells where', async () => {
    const loaded = await load({ model: 'floats' });
    expect(loaded.data?.loadModel).toMatchObject({ residency: 'LOADED', state: 'READY', reason: '' });
    expect(held(loaded.data?.loadModel)).toBe(1);
    await setPolicy({ model: 'floats', version: 1, instances: { min: 2 } });
    expect(held((await load({ model: 'floats', version: 1 })).data?.loadModel)).toBe(2);
    expect(codeOf(await floats('floats', 3))).toBeUndefined();
  });

  it('refuses what was unloaded, everywhere, until it is loaded again', async () => {
    const gone = await unload({ model: 'floats', version: 1 });
    expect(gone.data?.unloadModel).toMatchObject([{ residency: 'UNLOADED', state: 'UNAVAILABLE', instances: [] }]);
    const refused = await floats('floats', 3);
    expect(codeOf(refused)).toBe('MODEL_UNLOADED');
    expect(messageOf(refused)).toMatch(/Version 1 of model "floats" was unloaded. Load it/);
    const queued = await nestor.send(
      'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }',
      {
        input: { model: 'floats', inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }] },
      },
    );
    expect(codeOf(queued)).toBe('MODEL_UNLOADED');
    expect(await index('floats', true)).toEqual([]);
    expect((await v2('models/floats/infer', { inputs: [] })).code).toBe('MODEL_UNLOADED');
    expect((await fetch(`${nestor.url}/v2/models/floats/ready`, { headers: nestor.key })).status).toBe(503);
    await load({ model: 'floats' });
    expect((await floats('floats', 3)).data?.predict.outputs[0]?.data).toEqual([1, 1, 1]);
  });

  it('has executors that start load what is to be kept', async () => {
    await load({ model: 'floats' });
    const before = new Set((await index('floats'))[0]?.instances.map(({ executor }) => executor));
    await scale(0);
    await until(
      () => index('floats'),
      ([entry]) => entry?.reason === 'no executor is ready',
    );
    await scale(2);
    const [entry] = await until(
      () => index('floats'),
      ([found]) => held(found) === 2,
    );
    for (const { executor } of entry?.instances ?? []) expect(before).not.toContain(executor);
  });

  it('speaks the model repository extension', async () => {
    expect(await v2('repository/models/simple/versions/2/load')).toEqual({ status: 200, text: '', code: null });
    expect((await index('simple')).map(({ residency }) => residency)).toEqual(['ON_DEMAND', 'LOADED']);
    expect((await v2('repository/models/simple/unload', { parameters: { unload_dependents: false } })).status).toBe(
      200,
    );
    expect((await v2Index()).filter(({ name }) => name === 'simple')).toEqual(
      ['1', '2'].map((version) => ({ name: 'simple', version, state: 'UNAVAILABLE', reason: 'unloaded' })),
    );
    expect((await v2Index(true)).map(({ name }) => name)).not.toContain('simple');
    // Undoes it for the whole model: the default version is loaded, the other one is served again.
    expect((await v2('repository/models/simple/load')).status).toBe(200);
    expect((await index('simple')).map(({ residency, state }) => [residency, state])).toEqual([
      ['ON_DEMAND', 'READY'],
      ['LOADED', 'READY'],
    ]);
  });

  it('answers clearly to what it does not know or take', async () => {
    expect(await v2('repository/models/nothing/load')).toMatchObject({ status: 404, code: 'MODEL_NOT_FOUND' });
    expect(await v2('repository/models/simple/versions/x/unload')).toMatchObject({ status: 404 });
    const configured = await v2('repository/models/simple/load', { parameters: { config: '{}' } });
    expect(configured).toMatchObject({ status: 400, code: 'INVALID_INPUT' });
    expect(codeOf(await load({ model: 'simple', timeoutMs: 0 }))).toBe('INVALID_INPUT');
  });

  it('leaves a file with the executors while another version serves it', async () => {
    await load({ model: 'twin' });
    await unload({ model: 'other-twin' });
    expect(codeOf(await floats('other-twin', 2))).toBe('MODEL_UNLOADED');
    expect((await floats('twin', 2)).data?.predict.outputs[0]?.data).toEqual([1, 1]);
  });

  it('says why a version cannot be loaded, and loads it once it can', async () => {
    const data = [1, 2, 3, 4];
    await setPolicy({ model: 'fixed', version: 1, device: { kind: 'CUDA', required: true } });
    const failed = await load({ model: 'fixed', timeoutMs: 300 });
    expect(codeOf(failed)).toBe('EXECUTORS_UNAVAILABLE');
    expect(messageOf(failed)).toMatch(/its policy requires CUDA, which no executor uses/);
    expect(await index('fixed')).toMatchObject([{ state: 'UNAVAILABLE', residency: 'LOADED' }]);
    await setPolicy({ model: 'fixed', version: 1, device: { kind: 'CUDA' } });
    const [entry] = await until(
      () => index('fixed'),
      ([first]) => first?.state === 'READY',
    );
    expect(held(entry)).toBe(1);
    const inputs = [{ name: 'input', datatype: 'FP32', shape: [1, 4], data }];
    expect((await predict({ model: 'fixed', inputs })).data?.predict.outputs[0]?.data).toEqual([2, 4, 6, 8]);
  });

  it('is audited and needs the permission', async () => {
    const query =
      'query { auditEvents(first: 50, filter: { resourceType: "model-version" }) { edges { node { action } } } }';
    const { auditEvents } = await nestor.ask<{ auditEvents: { edges: { node: { action: string } }[] } }>(query);
    const actions = new Set(auditEvents.edges.map(({ node }) => node.action));
    for (const action of ['load', 'unload', 'set-serving-policy']) expect(actions).toContain(`model-version.${action}`);
    const response = await fetch(`${nestor.url}/v2/repository/models/simple/load`, { method: 'POST' });
    expect(response.status).toBe(401);
  });
});

describe('the serving policy', () => {
  it('is told as it was set, and taken back by an empty one', async () => {
    const policy = {
      maxBatchRows: 8,
      batchDelayMs: 5,
      queueLimit: 3,
      instances: { min: 1, max: 2 },
      deadline: { defaultMs: 1_000, maxMs: 2_000 },
      cache: { maxBytes: 1_000, ttlMs: 50 },
    };
    const warmUp = [
      { name: 'zeros', kind: 'ZEROS', rows: 4 },
      {
        name: 'mine',
        kind: 'DATA',
        inputs: [{ name: 'input', datatype: 'FP32', shape: [2, 3], data: [1, 2, 3, 4, 5, 6] }],
      },
    ];
    const input = {
      model: 'floats',
      version: 1,
      ...policy,
      priorities: { levels: 3 },
      device: { kind: 'CPU' },
      warmUp,
    };
    expect((await setPolicy(input)).data?.setServingPolicy.servingPolicy).toEqual({
      ...policy,
      priorities: { levels: 3, default: 2 },
      device: { kind: 'CPU', required: false },
      warmUp: [warmUp[0], { name: 'mine', kind: 'DATA', rows: 2 }],
    });
    const nothing = { maxBatchRows: null, batchDelayMs: null, queueLimit: null, instances: null, priorities: null };
    expect((await setPolicy({ model: 'floats', version: 1 })).data?.setServingPolicy.servingPolicy).toEqual({
      ...nothing,
      deadline: null,
      device: null,
      cache: null,
      warmUp: [],
    });
  });

  it.each([
    [{ maxBatchRows: 0 }, /maxBatchRows/],
    [{ maxBatchRows: 999_999 }, /executors take at most/],
    [{ instances: { min: 3, max: 2 } }, /min 3 is above max 2/],
    [{ priorities: { levels: 2, default: 3 } }, /there are 2 levels/],
    [{ deadline: { defaultMs: 20, maxMs: 10 } }, /above maxMs/],
    [{ deadline: { maxMs: 86_400_000 } }, /NESTOR_PREDICT_MAX_TIMEOUT_MS/],
    [{ deadline: { maxMs: 10 }, batchDelayMs: 10 }, /requests have 10 ms in all/],
    [{ cache: { maxBytes: 1e15, ttlMs: 1 } }, /NESTOR_RESPONSE_CACHE_BYTES/],
    [{ warmUp: [{ name: 'a', kind: 'DATA' }] }, /warmUp "a": inputs, records: give exactly one/],
    [
      {
        warmUp: [
          { name: 'a', kind: 'DATA', inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }] },
        ],
      },
      /warmUp "a": .*not an input of the model/,
    ],
    [{ warmUp: [{ name: 'a', kind: 'ZEROS', rows: 1_000_000, records: [] }] }, /go with DATA/],
    [{ warmUp: [1, 2].map(() => ({ name: 'a', kind: 'ZEROS' })) }, /two samples "a"/],
  ])('refuses %j', async (policy, message) => {
    const answer = await setPolicy({ model: 'floats', version: 1, ...policy });
    expect(messageOf(answer)).toMatch(message);
    expect(String(codeOf(answer))).toMatch(/^INVALID_/);
  });

  it('refuses to join rows of a model whose rows are not joined', async () => {
    expect(messageOf(await setPolicy({ model: 'fixed', version: 1, batchDelayMs: 5 }))).toMatch(/not batchable/);
  });

  it('lets no more predictions in than its limit, and gives each its deadline', async () => {
    await setPolicy({ model: 'floats', version: 1, queueLimit: 1, batchDelayMs: 200, maxBatchRows: 64 });
    await until(
      () => Promise.all([floats('floats', 3), floats('floats', 3)]),
      (answers) =>
        answers.some((answer) => codeOf(answer) === undefined) &&
        answers.some((answer) => codeOf(answer) === 'OVERLOADED'),
    );
    await setPolicy({ model: 'floats', version: 1, deadline: { maxMs: 1 } });
    const answers = await Promise.all(Array.from({ length: 20 }, () => floats('floats', 3, 1, { timeoutMs: 60_000 })));
    expect(answers.map(codeOf)).toContain('DEADLINE_EXCEEDED');
    await setPolicy({ model: 'floats', version: 1 });
    expect(codeOf(await floats('floats', 3))).toBeUndefined();
  });

  it('takes a priority, and refuses what is none', async () => {
    await setPolicy({ model: 'floats', version: 1, priorities: { levels: 2 } });
    expect(codeOf(await floats('floats', 3, 1, { priority: 1 }))).toBeUndefined();
    expect(codeOf(await floats('floats', 3, 1, { priority: 99 }))).toBeUndefined();
    expect(codeOf(await floats('floats', 3, 1, { priority: 0 }))).toBe('INVALID_INPUT');
    const inputs = [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 2, 3] }];
    expect((await v2('models/floats/infer', { inputs, parameters: { priority: 2 } })).status).toBe(200);
    expect((await v2('models/floats/infer', { inputs, parameters: { priority: 'high' } })).status).toBe(400);
  });

  it('runs a model on no more executors than it says', async () => {
    await setPolicy({ model: 'floats', version: 1, instances: { max: 1 } });
    const answers = await Promise.all(Array.from({ length: 40 }, () => floats('floats', 3)));
    expect(new Set(answers.map(({ data }) => data?.predict.executor)).size).toBe(1);
  });

  it('remembers answers, says so, and forgets them with a change of the policy', async () => {
    const policy = { model: 'floats', version: 1, cache: { maxBytes: 100_000, ttlMs: 60_000 } };
    await setPolicy(policy);
    expect([await cached(1), await cached(1), await cached(2), await cached(1)]).toEqual([false, true, false, true]);
    const both = await Promise.all([cached(5), cached(5)]);
    expect(both.filter((hit) => hit === true)).toHaveLength(1);
    await setPolicy(policy);
    expect(await cached(1)).toBe(false);
    await unload({ model: 'floats' });
    await load({ model: 'floats' });
    expect([await cached(1), await cached(1)]).toEqual([false, true]);
    const asked = 'query ($input: PredictInput!) { predict(input: $input) { fromCache } }';
    const input = { model: 'floats', inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 3], data: [1, 0, 0] }] };
    expect(await nestor.ask(asked, { input })).toEqual({ predict: { fromCache: true } });
    const metrics = await (await fetch(`${nestor.managementUrl}/metrics`)).text();
    expect(metrics).toMatch(/nestor_response_cache_requests_total\{model="floats",version="1",outcome="hit"\} \d/);
    expect(metrics).toMatch(/nestor_response_cache_bytes [1-9]/);
    const stats = await fetch(`${nestor.url}/v2/models/floats/versions/1/stats`, { headers: nestor.key });
    const { model_stats: counted } = (await stats.json()) as {
      model_stats: { inference_stats: Record<string, { count: number }> }[];
    };
    expect(counted[0]?.inference_stats['cache_hit']?.count).toBeGreaterThanOrEqual(5);
    await setPolicy({ model: 'floats', version: 1 });
    expect(await cached(1)).toBeUndefined();
  });

  it('warms up before a version counts as loaded, and refuses one that fails', async () => {
    await setPolicy({ model: 'lookup', version: 1, warmUp: [sample(1), sample(7)] });
    const failed = await load({ model: 'lookup' });
    expect(messageOf(failed)).toMatch(/could not be loaded. The warm-up sample "row 7" failed/);
    expect(codeOf(failed)).toBe('MODEL_LOAD_FAILED');
    expect(await index('lookup')).toMatchObject([{ state: 'UNAVAILABLE', reason: expect.stringMatching(/row 7/) }]);
    await setPolicy({ model: 'lookup', version: 1, warmUp: [sample(1), { name: 'some', kind: 'RANDOM', rows: 3 }] });
    expect((await load({ model: 'lookup' })).data?.loadModel.state).toBe('READY');
  });
});

import { request } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ExecutorView } from '../../src/modules/inference/client/executor-view.js';
import { startTestInference, type TestInference, until } from '../support/inference.js';
import { heavyModel, identityModel, simpleModel } from '../support/onnx/models.js';

let nestor: TestInference;

beforeAll(async () => {
  nestor = await startTestInference({
    NESTOR_JSON_TENSOR_MAX_ELEMENTS: '64',
    NESTOR_PREDICT_CONCURRENCY: '4',
    NESTOR_PREDICT_WAIT_MS: '0',
  });
  await nestor.startWorker();
  await nestor.register('simple', simpleModel());
  await nestor.register('flowers', identityModel('FP32', 3), {
    inputColumns: ['a', 'b', 'c'],
    outputLabels: ['rose', 'lily', 'iris'],
    postprocessing: { activation: 'SOFTMAX' },
  });
  await nestor.register('heavy', heavyModel());
  await until(
    () => nestor.api.app.get(ExecutorView, { strict: false }).hosts(),
    (hosts) => hosts.some(({ executors }) => executors.some(({ state }) => state === 'READY')),
  );
});

afterAll(() => nestor.close());

interface Predicted {
  readonly predict: {
    readonly requestId: string;
    readonly model: string;
    readonly version: number;
    readonly executor: string;
    readonly batchRows: number;
    readonly inferenceMs: number;
    readonly queueMs: number;
    readonly outputs: readonly {
      name: string;
      datatype: string;
      shape: number[];
      data: unknown[] | null;
      base64: string | null;
    }[];
    readonly predictions:
      | readonly {
          label: string;
          probability: number;
          probabilities: { label: string; probability: number }[];
          values: Record<string, unknown>;
        }[]
      | null;
  };
}

const PREDICT = `query Predict($input: PredictInput!) {
  predict(input: $input) {
    requestId model version executor batchRows inferenceMs queueMs
    outputs { name datatype shape data base64 }
    predictions { label probability probabilities { label probability } values }
  }
}`;

const predict = (input: Readonly<Record<string, unknown>>) => nestor.ask<Predicted>(PREDICT, { input });

const sixteen = Array.from({ length: 16 }, (_, index) => index);
const simpleInputs = (rows = 1) => [
  { name: 'INPUT0', datatype: 'INT32', shape: [rows, 16], data: Array(rows).fill(sixteen).flat() },
  { name: 'INPUT1', datatype: 'INT32', shape: [rows, 16], data: Array(rows * 16).fill(1) },
];

/** Rows of the heavy model, each of which takes it about 10 ms. */
const rows = (count: number) => [
  { name: 'input', datatype: 'FP32', shape: [count, 16], base64: Buffer.alloc(count * 64).toString('base64') },
];

/** Waits until nothing is worked on. */
const idle = () =>
  until(
    async () => (await fetch(`${nestor.api.managementUrl}/metrics`)).text(),
    (text) => text.includes('nestor_inference_in_flight{lane="predict"} 0'),
  );

async function failure(input: Readonly<Record<string, unknown>>) {
  const { errors } = await predict(input);
  return { code: errors[0]?.extensions.code, message: errors[0]?.message ?? '' };
}

describe('predict', () => {
  it('runs a model on tensors and tells how it went', async () => {
    const { data, errors } = await predict({ model: 'simple', inputs: simpleInputs(), requestId: 'mine' });
    expect(errors).toEqual([]);
    expect(data?.predict).toMatchObject({
      requestId: 'mine',
      model: 'simple',
      version: 1,
      batchRows: 1,
      predictions: null,
    });
    expect(data?.predict.outputs).toEqual([
      { name: 'OUTPUT0', datatype: 'INT32', shape: [1, 16], data: sixteen.map((value) => value + 1), base64: null },
      { name: 'OUTPUT1', datatype: 'INT32', shape: [1, 16], data: sixteen.map((value) => value - 1), base64: null },
    ]);
    expect(data?.predict.executor).not.toBe('');
    expect(data?.predict.inferenceMs).toBeGreaterThan(0);
  });

  it('takes base64, answers base64 where asked to or above the limit, and only the outputs that are wanted', async () => {
    const base64 = Buffer.from(new Int32Array(sixteen).buffer).toString('base64');
    const inputs = ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [1, 16], base64 }));
    const asked = await predict({ model: 'simple', inputs, outputs: ['OUTPUT1'], encoding: 'BASE64' });
    expect(asked.data?.predict.outputs).toEqual([
      {
        name: 'OUTPUT1',
        datatype: 'INT32',
        shape: [1, 16],
        data: null,
        base64: Buffer.from(new Int32Array(16).buffer).toString('base64'),
      },
    ]);
    const large = Buffer.from(new Int32Array(16 * 5).fill(2).buffer).toString('base64');
    const above = await predict({
      model: 'simple',
      inputs: ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [5, 16], base64: large })),
    });
    expect(above.data?.predict.outputs.map(({ data }) => data)).toEqual([null, null]);
  });

  it('takes records by name and answers labels with probabilities', async () => {
    const records = [
      { a: 5, b: 0, c: 0 },
      { c: 2, a: 0, b: 0 },
    ];
    const { data, errors } = await predict({ model: 'flowers', records });
    expect(errors).toEqual([]);
    const [first, second] = data?.predict.predictions ?? [];
    expect([first?.label, second?.label]).toEqual(['rose', 'iris']);
    expect(first?.probability).toBeCloseTo(Math.exp(5) / (Math.exp(5) + 2), 5);
    expect(second?.probabilities.map(({ label }) => label)).toEqual(['rose', 'lily', 'iris']);
    expect(second?.values).toEqual({ output: [0, 0, 2] });
  });

  it.each([
    [{ model: 'simple' }, 'INVALID_INPUT', /exactly one/],
    [{ model: 'nobody', records: [{}] }, 'MODEL_NOT_FOUND', /nobody/],
    [{ model: 'simple', version: 9, inputs: [] }, 'MODEL_NOT_FOUND', /version 9/],
    [{ model: 'simple', inputs: [] }, 'INVALID_TENSOR', /"INPUT0" is missing/],
    [{ model: 'simple', records: [{ a: 1 }] }, 'INVALID_RECORD', /Send inputs/],
    [{ model: 'flowers', records: [{ a: 1, b: 2 }] }, 'INVALID_RECORD', /records\[0\]\.c: is missing/],
    [{ model: 'simple', inputs: simpleInputs(5) }, 'TENSOR_TOO_LARGE', /base64/],
    [{ model: 'simple', inputs: simpleInputs(), outputs: ['x'] }, 'INVALID_TENSOR', /no output "x"/],
    [{ model: 'simple', inputs: simpleInputs(), timeoutMs: 0 }, 'INVALID_INPUT', /timeoutMs/],
  ])('answers a coded error: %j', async (input, code, message) => {
    const answer = await failure(input);
    expect(answer.code).toBe(code);
    expect(answer.message).toMatch(message);
  });

  it('refuses at once what is above its places, with a hint', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => predict({ model: 'heavy', inputs: rows(20) })));
    const refused = answers.flatMap(({ errors }) => errors);
    expect(refused.map(({ extensions }) => extensions.code)).toEqual(Array(8).fill('OVERLOADED'));
    expect(refused.every(({ extensions }) => (extensions.retryAfterMs ?? 0) > 0)).toBe(true);
  });

  it('counts aliased predictions one by one', async () => {
    const fields = Array.from({ length: 5 }, (_, index) => `p${index}: predict(input: $input) { model }`);
    const input = { model: 'heavy', inputs: rows(20) };
    const { errors } = await nestor.ask(`query Many($input: PredictInput!) { ${fields.join(' ')} }`, { input });
    expect(errors[0]?.extensions.code).toBe('OVERLOADED');
    await idle();
  });

  it('answers DEADLINE_EXCEEDED when time runs out', async () => {
    expect((await failure({ model: 'heavy', inputs: rows(4), timeoutMs: 1 })).code).toBe('DEADLINE_EXCEEDED');
  });

  it('gives the places back of clients that left', async () => {
    const input = { model: 'heavy', inputs: rows(200) };
    const leave = () =>
      new Promise<void>((resolve) => {
        const headers = { 'content-type': 'application/json', 'x-api-key': nestor.apiKey };
        const sent = request(`${nestor.api.url}/graphql`, { method: 'POST', headers });
        sent.on('error', () => undefined);
        sent.on('close', resolve);
        sent.end(JSON.stringify({ query: PREDICT, variables: { input } }));
        setTimeout(() => sent.destroy(), 30);
      });
    await Promise.all([leave(), leave(), leave(), leave()]);
    await idle();
    expect((await failure({ model: 'simple', inputs: simpleInputs() })).code).toBeUndefined();
  });

  it('leaves an audit event for each prediction, failed ones included', async () => {
    await predict({ model: 'simple', inputs: simpleInputs() });
    await failure({ model: 'simple', inputs: [] });
    const outcomes = await until(
      () =>
        nestor.dataSource.query<{ outcome: string; error_code: string | null }[]>(
          `SELECT DISTINCT outcome, error_code FROM audit_events WHERE action = 'inference.predict'`,
        ),
      (rows) =>
        rows.some((row) => row.outcome === 'SUCCESS') && rows.some((row) => row.error_code === 'INVALID_TENSOR'),
    );
    expect(outcomes.some((row) => row.error_code === 'OVERLOADED')).toBe(false);
  });
});

describe('executors', () => {
  it('tells which executors there are and what they hold', async () => {
    await predict({ model: 'simple', inputs: simpleInputs() });
    interface Listed {
      executors: { id: string; state: string; device: string; models: { digest: string }[]; memoryBytes: number }[];
    }
    const { data } = await until(
      () =>
        nestor.ask<Listed>(
          'query { executors { id state device models { digest sizeBytes } memoryBytes inFlight loads restarts startedAt heartbeatAt } }',
        ),
      (answer) => (answer.data?.executors[0]?.models.length ?? 0) > 0,
    );
    expect(data?.executors).toHaveLength(1);
    expect(data?.executors[0]).toMatchObject({ state: 'READY', device: 'cpu' });
    expect(data?.executors[0]?.models[0]?.digest).toMatch(/^sha256:/);
  });
});

describe('/metrics', () => {
  it('tells of inference by model, lane and outcome, in base units', async () => {
    await predict({ model: 'simple', inputs: simpleInputs() });
    const text = await (await fetch(`${nestor.api.managementUrl}/metrics`)).text();
    expect(text).toMatch(
      /^nestor_inference_requests_total\{model="simple",version="1",lane="predict",outcome="success"\} \d+$/m,
    );
    expect(text).toMatch(/^nestor_inference_errors_total\{lane="predict",code="INVALID_TENSOR"\} \d+$/m);
    expect(text).toMatch(/^nestor_inference_duration_seconds_bucket\{.*model="simple"/m);
    expect(text).toMatch(/^nestor_inference_queue_duration_seconds_count\{/m);
    expect(text).toMatch(/^nestor_inference_batch_rows_sum\{model="simple"\}/m);
    expect(text).toMatch(/^nestor_inference_in_flight\{lane="predict"\} 0$/m);
    expect(text).toMatch(/^nestor_executors\{state="READY",device="cpu"\} 1$/m);
    expect(text).toMatch(/^nestor_executor_models_loaded \d+$/m);
  });
});

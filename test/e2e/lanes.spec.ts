import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from 'graphql-ws';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/common/process/package-root.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { heavyModel, simpleModel } from '../support/onnx/models.js';
import { hasRedisServer } from '../support/redis.js';
import { connect } from '../support/subscriptions.js';

const JOBS = 300;
const ENDED = /^(SUCCEEDED|FAILED|CANCELLED|DEAD)$/;

const ones = Array.from({ length: 16 }, () => 1);
const counted = Array.from({ length: 16 }, (_, index) => index);
const base64Of = (numbers: readonly number[]) => Buffer.from(Int32Array.from(numbers).buffer).toString('base64');
const simpleInput = (first: readonly number[] = counted) => ({
  model: 'simple',
  inputs: [
    { name: 'INPUT0', datatype: 'INT32', shape: [1, 16], data: first },
    { name: 'INPUT1', datatype: 'INT32', shape: [1, 16], data: ones },
  ],
});
const heavyInput = {
  model: 'heavy',
  timeoutMs: 60_000,
  inputs: [{ name: 'input', datatype: 'FP32', shape: [1, 16], data: ones }],
};

interface OutputTensor {
  readonly name: string;
  readonly datatype: string;
  readonly shape: number[];
  readonly data: number[] | null;
  readonly base64: string | null;
}

interface PredictionAnswer {
  readonly model: string;
  readonly version: number;
  readonly executor: string;
  readonly requestId: string;
  readonly outputs: OutputTensor[];
  readonly predictions: { label: string; probability: number; probabilities: { probability: number }[] }[] | null;
}

interface JobAnswer {
  readonly id: string;
  readonly status: string;
  readonly attempts: number;
  readonly result: PredictionAnswer | null;
}

const PREDICTION = `{
  model version executor requestId
  outputs { name datatype shape data base64 }
  predictions { label probability probabilities { label probability } }
}`;
const PREDICT = `query ($input: PredictInput!) { predict(input: $input) ${PREDICTION} }`;
const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id status attempts } }';
const UPDATES = `subscription ($id: ID!) { inferenceJobUpdated(id: $id) { id status attempts result ${PREDICTION} } }`;

describe.each([
  { backend: 'PostgreSQL alone', redis: false },
  { backend: 'Redis', redis: true },
])('Nestor on $backend', ({ redis }) => {
  describe.skipIf(redis && !hasRedisServer())('in all lanes', () => {
    let nestor: TestNestor;
    let socket: Client;

    beforeAll(async () => {
      nestor = await startTestNestor({ redis });
      socket = connect(nestor.url, nestor.key);
      expect(await nestor.addModel('simple', simpleModel())).toBe(1);
      await nestor.addModel('heavy', heavyModel({ multiplications: 1_000 }));
    }, 60_000);

    afterAll(async () => {
      await socket?.dispose();
      await nestor?.close();
    });

    const predict = async (input: object): Promise<PredictionAnswer> =>
      (await nestor.ask<{ predict: PredictionAnswer }>(PREDICT, { input })).predict;
    const versionOf = async (target: object) => (await predict({ ...simpleInput(), ...target })).version;
    const submit = async (input: object): Promise<JobAnswer> =>
      (await nestor.ask<{ submitInference: JobAnswer }>(SUBMIT, { input })).submitInference;
    const steer = async (mutation: 'cancelInferenceJob' | 'retryInferenceJob', id: string): Promise<string> => {
      const document = `mutation ($id: ID!) { job: ${mutation}(id: $id) { status } }`;
      return (await nestor.ask<{ job: { status: string } }>(document, { id })).job.status;
    };
    /** All states of a job that its subscription tells, until it says itself that there are no more. */
    const watch = async (id: string): Promise<JobAnswer[]> => {
      const states: JobAnswer[] = [];
      const answers = socket.iterate<{ inferenceJobUpdated: JobAnswer }>({ query: UPDATES, variables: { id } });
      for await (const { data, errors } of answers) {
        expect(errors).toBeUndefined();
        if (data) states.push(data.inferenceJobUpdated);
      }
      return states;
    };

    describe('predict', () => {
      it('adds and subtracts tensors given as JSON', async () => {
        const answer = await predict({ ...simpleInput(), requestId: 'mine' });
        expect(answer).toMatchObject({ model: 'simple', version: 1, requestId: 'mine', predictions: null });
        expect(answer.outputs).toEqual([
          { name: 'OUTPUT0', datatype: 'INT32', shape: [1, 16], data: counted.map((x) => x + 1), base64: null },
          { name: 'OUTPUT1', datatype: 'INT32', shape: [1, 16], data: counted.map((x) => x - 1), base64: null },
        ]);
      });

      it('takes and gives base64, and only the outputs that are asked for', async () => {
        const inputs = [
          { name: 'INPUT1', datatype: 'INT32', shape: [2, 16], base64: base64Of([...ones, ...ones]) },
          { name: 'INPUT0', datatype: 'INT32', shape: [2, 16], base64: base64Of([...counted, ...ones]) },
        ];
        const { outputs } = await predict({ model: 'simple', inputs, outputs: ['OUTPUT1'], encoding: 'BASE64' });
        const base64 = base64Of([...counted.map((x) => x - 1), ...ones.map(() => 0)]);
        expect(outputs).toEqual([{ name: 'OUTPUT1', datatype: 'INT32', shape: [2, 16], data: null, base64 }]);
      });

      it('serves what was asked for: version, alias, what is in production, else the newest', async () => {
        expect(await nestor.addModel('simple', simpleModel())).toBe(2);
        expect(await versionOf({})).toBe(2);
        expect(await versionOf({ version: 1 })).toBe(1);
        await nestor.ask(
          'mutation { setModelAlias(input: { model: "simple", alias: "old", version: 1 }) { version } }',
        );
        expect(await versionOf({ alias: 'old' })).toBe(1);
        await nestor.ask(
          'mutation { transitionModelVersion(input: { model: "simple", version: 1, stage: PRODUCTION }) { stage } }',
        );
        expect(await versionOf({})).toBe(1);
        expect(await versionOf({ version: 2 })).toBe(2);
      });

      it('tells the species of flowers by records', async () => {
        const setosa = { sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 };
        const virginica = { sepalLength: 6.7, sepalWidth: 3.3, petalLength: 5.7, petalWidth: 2.5 };
        const { predictions } = await predict({ model: 'iris', alias: 'champion', records: [setosa, virginica] });
        expect(predictions?.map(({ label }) => label)).toEqual(['setosa', 'virginica']);
        for (const { probability, probabilities } of predictions ?? []) {
          const all = probabilities.map((each) => each.probability);
          expect(Math.max(...all)).toBe(probability);
          expect(all.reduce((sum, each) => sum + each, 0)).toBeCloseTo(1, 5);
        }
      });

      it('reads a handwritten digit', async () => {
        const description = JSON.parse(await readFile(join(packageRoot, 'models/digits/model.json'), 'utf8')) as {
          example: { inputs: object[] };
        };
        const { predictions } = await predict({ model: 'digits', inputs: description.example.inputs });
        expect(predictions).toMatchObject([{ label: '7', probabilities: { length: 10 } }]);
      });
    });

    describe('submitInference', () => {
      it('is followed by a subscription until the answer is there', async () => {
        const states = await watch((await submit(simpleInput())).id);
        expect(states.at(-1)).toMatchObject({
          status: 'SUCCEEDED',
          attempts: 1,
          result: { model: 'simple', version: 1, outputs: [{ data: counted.map((x) => x + 1) }, {}] },
        });
        expect(states.filter(({ status }) => ENDED.test(status))).toHaveLength(1);
      });

      it('answers the same job for the same idempotency key, and refuses the key for another input', async () => {
        const keyed = { ...simpleInput(), idempotencyKey: 'once' };
        const [first, second] = await Promise.all([submit(keyed), submit(keyed)]);
        expect(second.id).toBe(first.id);
        const { errors } = await nestor.send(SUBMIT, { input: { ...simpleInput(ones), idempotencyKey: 'once' } });
        expect(errors[0]?.extensions.code).toBe('IDEMPOTENCY_MISMATCH');
      });

      it('cancels a job, for good, and runs it when it is retried', async () => {
        const { id } = await submit(heavyInput);
        expect(await steer('cancelInferenceJob', id)).toBe('CANCELLED');
        expect((await watch(id)).map(({ status, result }) => [status, result])).toEqual([['CANCELLED', null]]);
        expect(await steer('retryInferenceJob', id)).toBe('QUEUED');
        expect((await watch(id)).at(-1)).toMatchObject({ status: 'SUCCEEDED', result: { model: 'heavy' } });
        const { errors } = await nestor.send('mutation ($id: ID!) { cancelInferenceJob(id: $id) { id } }', { id });
        expect(errors[0]?.extensions.code).toBe('CONFLICT');
      });

      it(`ends each of ${JOBS} jobs exactly once, with its own answer`, async () => {
        const numbers = Array.from({ length: JOBS }, (_, index) => index);
        const jobs = await Promise.all(numbers.map((number) => submit(simpleInput(ones.map(() => number)))));
        expect(new Set(jobs.map(({ id }) => id)).size).toBe(JOBS);
        const all = await Promise.all(jobs.map(({ id }) => watch(id)));
        for (const [number, states] of all.entries()) {
          expect(states.filter(({ status }) => ENDED.test(status))).toHaveLength(1);
          const last = states.at(-1);
          expect(last).toMatchObject({ status: 'SUCCEEDED', attempts: 1 });
          expect(last?.result?.outputs[0]?.data).toEqual(ones.map(() => number + 1));
        }
      });
    });

    it('lists the executor that answered', async () => {
      const { executor } = await predict(simpleInput());
      const document = '{ executors { id state device effectiveDevice models { digest } loads restarts memoryBytes } }';
      await expect
        .poll(async () => (await nestor.ask<{ executors: object[] }>(document)).executors, { timeout: 20_000 })
        .toMatchObject([{ id: executor, state: 'READY', device: 'cpu', effectiveDevice: 'cpu', restarts: 0 }]);
    });

    it('has told the audit trail of everything', async () => {
      const document = `query ($action: String!) {
        auditEvents(first: 200, filter: { action: $action }) {
          edges { node { outcome actor { kind } } } pageInfo { hasNextPage }
        }
      }`;
      const countOf = async (action: string) => {
        const { auditEvents } = await nestor.ask<{
          auditEvents: { edges: { node: { outcome: string } }[]; pageInfo: { hasNextPage: boolean } };
        }>(document, { action });
        return auditEvents.pageInfo.hasNextPage ? Infinity : auditEvents.edges.length;
      };
      const counts = async () => {
        const actions = [
          'workspace.create',
          'model.create',
          'model-version.create',
          'model-alias.set',
          'model-version.transition',
          'inference-job.submit',
          'inference-job.cancel',
          'inference-job.retry',
        ];
        return Object.fromEntries(
          await Promise.all(actions.map(async (action) => [action, await countOf(action)] as const)),
        );
      };
      expect(await counts()).toEqual({
        'workspace.create': 1,
        // The two examples, simple and heavy.
        'model.create': 4,
        'model-version.create': 5,
        'model-alias.set': 3,
        'model-version.transition': 3,
        'inference-job.submit': Infinity,
        'inference-job.cancel': 1,
        'inference-job.retry': 1,
      });
      await expect.poll(() => countOf('inference.predict')).toBe(10);
    });

    it('shows the counts on the management port, and there alone', async () => {
      const metrics = await (await fetch(`${nestor.managementUrl}/metrics`)).text();
      expect(metrics).toMatch(/^nestor_inference_requests_total\{.*model="simple".*lane="predict".*\} \d+$/m);
      expect(metrics).toContain('nestor_executors{state="READY",device="cpu"} 1');
      const queued = [...metrics.matchAll(/^nestor_inference_requests_total\{.*lane="queued".*success.*\} (\d+)$/gm)];
      expect(queued.reduce((sum, [, count]) => sum + Number(count), 0)).toBe(JOBS + 3);
      for (const path of ['/metrics', '/health/ready', '/health/live']) {
        expect((await fetch(`${nestor.url}${path}`)).status).toBe(404);
        expect((await fetch(`${nestor.workerManagementUrl}${path}`)).status).toBe(200);
      }
    });
  });
});

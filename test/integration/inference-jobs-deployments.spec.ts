import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DeploymentClient, deploymentClient, executorsReady, row } from '../support/deployments.js';
import { startTestInference, type TestInference, until } from '../support/inference.js';
import { fixedBatchModel, identityModel } from '../support/onnx/models.js';

let nestor: TestInference;
let client: DeploymentClient;
beforeAll(async () => {
  nestor = await startTestInference();
  await nestor.startWorker();
  // Version 1 answers what it is given, version 2 the double.
  await nestor.register('echo', identityModel('FP32'));
  await nestor.register('echo', fixedBatchModel());
  await executorsReady(nestor);
  client = deploymentClient(nestor);
});
afterAll(() => nestor.close());

const SUBMIT = `mutation ($input: SubmitInferenceInput!) {
  result: submitInference(input: $input) { id model version deployment variant } }`;
const READ = `query ($id: ID!) { result: inferenceJob(id: $id) {
  id status model version deployment variant result { deployment variant predictionId outputs { data } } } }`;
const UPDATE = 'mutation ($input: UpdateDeploymentInput!) { result: updateDeployment(input: $input) { revision } }';
const LOG = 'query ($filter: PredictionLogFilter) { result: predictionLog(filter: $filter) { edges { node { id } } } }';

interface Job {
  readonly id: string;
  readonly status: string;
  readonly version: number;
  readonly deployment: string | null;
  readonly variant: string | null;
  readonly result: {
    readonly deployment: string | null;
    readonly variant: string | null;
    readonly predictionId: string | null;
    readonly outputs: readonly { readonly data: readonly number[] }[];
  } | null;
}

const main = { name: 'main', role: 'CHAMPION', model: 'echo', version: 1, weight: 50 };
const rival = { name: 'rival', role: 'CHALLENGER', model: 'echo', version: 2, weight: 50 };
const submit = (input: Readonly<Record<string, unknown>>) =>
  client.run<Job>(SUBMIT, { input: { inputs: row(0, 1, 2, 3), ...input } });
const ended = (id: string) =>
  until(
    () => client.run<Job>(READ, { id }),
    ({ status }) => status === 'SUCCEEDED',
  );
const keys = Array.from({ length: 16 }, (_, index) => `user-${index}`);

describe('a queued inference by a deployment', () => {
  it('is run by the variant that answers the same key at once, and the job tells which', async () => {
    const deployment = await client.create({ variants: [main, rival] });
    const seen = new Set<string | null>();
    for (const stickyKey of keys) {
      const { id, ...job } = await submit({ deployment, stickyKey });
      const { variant, version } = await client.predict({ deployment, stickyKey });
      expect(job).toEqual({ model: 'echo', version, deployment, variant });
      expect(version).toBe(variant === 'main' ? 1 : 2);
      const { result } = await ended(id);
      expect(result).toEqual({
        deployment,
        variant,
        predictionId: null,
        outputs: [{ data: variant === 'main' ? [0, 1, 2, 3] : [0, 2, 4, 6] }],
      });
      seen.add(variant);
    }
    expect(seen).toEqual(new Set(['main', 'rival']));
    // Only what was answered at once is logged.
    const { edges } = await until(
      () => client.run<{ edges: readonly unknown[] }>(LOG, { filter: { deployment } }),
      (log) => log.edges.length >= keys.length,
    );
    expect(edges).toHaveLength(keys.length);
  });

  it('is drawn without a key', async () => {
    const deployment = await client.create({ variants: [main, rival] });
    const jobs = await Promise.all(Array.from({ length: 40 }, () => submit({ deployment })));
    expect(new Set(jobs.map(({ variant }) => variant))).toEqual(new Set(['main', 'rival']));
  });

  it('stays with its variant when the deployment changes, and so does its repetition', async () => {
    const deployment = await client.create({ variants: [{ ...main, weight: 100 }] });
    const idempotencyKey = randomUUID();
    const job = await submit({ deployment, idempotencyKey });
    const next = { ...rival, role: 'CHAMPION', weight: 100 };
    await client.run(UPDATE, { input: { name: deployment, variants: [next] } });
    expect(await submit({ deployment })).toMatchObject({ version: 2, variant: 'rival' });
    expect(await submit({ deployment, idempotencyKey })).toEqual(job);
    const other = await client.refusal(SUBMIT, {
      input: { deployment, idempotencyKey, stickyKey: 'a', inputs: row(0, 1, 2, 3) },
    });
    expect(other.code).toBe('IDEMPOTENCY_MISMATCH');
    expect(await ended(job.id)).toMatchObject({ version: 1, deployment, variant: 'main' });
    const events = await nestor.dataSource.query<{ detail: unknown }[]>(
      `SELECT detail FROM audit_events WHERE action = 'inference-job.submit' AND resource_id = $1 ORDER BY id`,
      [job.id],
    );
    const facts = { model: 'echo', version: 1, deployment, variant: 'main' };
    expect(events.map(({ detail }) => detail)).toEqual([
      { ...facts, isRepeated: false },
      { ...facts, isRepeated: true },
      { ...facts, isRepeated: true },
    ]);
  });

  it('has no deployment where the model is named', async () => {
    const job = await submit({ model: 'echo', version: 1 });
    expect(job).toMatchObject({ version: 1, deployment: null, variant: null });
    expect((await ended(job.id)).result).toMatchObject({ deployment: null, variant: null });
  });

  it.each([
    [{ deployment: 'nobody' }, 'DEPLOYMENT_NOT_FOUND', /no deployment "nobody"/],
    [{ model: 'echo', deployment: 'nobody' }, 'INVALID_INPUT', /model, deployment: give exactly one/],
    [{}, 'INVALID_INPUT', /model, deployment: give exactly one/],
    [{ deployment: 'nobody', version: 1 }, 'INVALID_INPUT', /version, alias: go with a model/],
    [{ model: 'echo', stickyKey: 'a' }, 'INVALID_INPUT', /stickyKey: goes with a deployment/],
  ])('is refused for %j', async (target, code, message) => {
    const refusal = await client.refusal(SUBMIT, { input: { inputs: row(0, 1, 2, 3), ...target } });
    expect(refusal).toEqual({ code, message: expect.stringMatching(message) });
  });
});

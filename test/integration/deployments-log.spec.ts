import { randomUUID } from 'node:crypto';
import { register } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { PredictionLogSweeper } from '../../src/modules/deployments/log/prediction-log-sweeper.js';
import { PredictionLog } from '../../src/modules/deployments/log/prediction-log.js';
import { PredictionLogRepository } from '../../src/modules/deployments/log/prediction-log.repository.js';
import type { INestApplicationContext } from '@nestjs/common';
import { deploymentClient, type DeploymentClient, executorsReady, row } from '../support/deployments.js';
import { startTestInference, type TestInference, until } from '../support/inference.js';
import { brittleModel, heavyModel, identityModel } from '../support/onnx/models.js';

let nestor: TestInference;
let client: DeploymentClient;
let worker: INestApplicationContext;

beforeAll(async () => {
  nestor = await startTestInference({
    NESTOR_PREDICTION_LOG_BUFFER: '50',
    NESTOR_SHADOW_CONCURRENCY: '2',
    NESTOR_JSON_TENSOR_MAX_ELEMENTS: '100000',
  });
  worker = await nestor.startWorker();
  client = deploymentClient(nestor);
  const labels = { outputLabels: ['a', 'b', 'c', 'd'] };
  await nestor.register('echo', identityModel('FP32'), labels);
  await nestor.register('echo', brittleModel(4), labels);
  await nestor.register('heavy', heavyModel());
  await nestor.register('heavy', heavyModel({ multiplications: 1 }));
  await executorsReady(nestor);
});

afterAll(() => nestor.close());

const champion = { name: 'main', role: 'CHAMPION', model: 'echo', version: 1 };
const shadow = { name: 'dark', role: 'SHADOW', model: 'echo', version: 2 };

const LIST = `query ($first: Int, $after: String, $filter: PredictionLogFilter) {
  result: predictionLog(first: $first, after: $after, filter: $filter) {
    edges { node { id primaryId deployment variant role model version requestId latencyMs errorCode sampled inputs outputs
      label createdAt } }
    pageInfo { hasNextPage endCursor } } }`;

interface Logged {
  readonly id: string;
  readonly primaryId: string | null;
  readonly variant: string;
  readonly role: string;
  readonly version: number;
  readonly requestId: string;
  readonly latencyMs: number;
  readonly errorCode: string | null;
  readonly inputs: { data: number[] | null }[] | null;
  readonly outputs: { data: number[] | null }[] | null;
  readonly label: string | null;
  readonly createdAt: string;
}

interface LogPage {
  readonly edges: { node: Logged }[];
  readonly pageInfo: { hasNextPage: boolean; endCursor: string };
}

const page = (variables: Readonly<Record<string, unknown>>) => client.run<LogPage>(LIST, variables);

async function logOf(deployment: string, filter: Readonly<Record<string, unknown>> = {}): Promise<Logged[]> {
  return (await page({ filter: { deployment, ...filter } })).edges.map(({ node }) => node);
}

/** The log of a deployment once it has so many rows. */
const logged = (deployment: string, count: number) =>
  until(
    () => logOf(deployment),
    (rows) => rows.length >= count,
  );

const count = async (metric: string, outcome: string): Promise<number> => {
  const found = await register.getSingleMetric(metric)?.get();
  return found?.values.find(({ labels }) => labels['outcome'] === outcome)?.value ?? 0;
};

const log = () => nestor.api.app.get(PredictionLog, { strict: false });
const quiet = () =>
  until(
    () => log().waiting,
    (waiting) => waiting === 0,
  );

describe('the prediction log', () => {
  it('has what was answered under the id that the caller was told, and keeps payloads only where told to', async () => {
    const name = await client.create({ variants: [champion] });
    const { predictionId } = await client.predict({ deployment: name, requestId: 'mine' });
    const [plain] = await logged(name, 1);
    expect(plain).toMatchObject({
      id: predictionId,
      primaryId: null,
      deployment: name,
      variant: 'main',
      role: 'CHAMPION',
      model: 'echo',
      version: 1,
      requestId: 'mine',
      errorCode: null,
      sampled: true,
      inputs: null,
      outputs: null,
      label: null,
    });
    expect(plain?.latencyMs).toBeGreaterThan(0);
    const keeping = await client.create({ variants: [champion], logging: { keepPayloads: true } });
    const answer = await client.predict({ deployment: keeping });
    const [kept] = await logged(keeping, 1);
    expect(kept?.inputs).toEqual(row(0, 1, 2, 3));
    expect(kept?.outputs).toMatchObject([{ name: 'output', data: [0, 1, 2, 3] }]);
    expect(answer.predictions?.[0]?.label).toBe('d');
    expect(kept?.label).toBe('d');
  });

  it('leaves out the data of large tensors and the label of many records', async () => {
    const name = await client.create({ variants: [champion], logging: { keepPayloads: true } });
    const rows = 2_000;
    const base64 = Buffer.alloc(rows * 16).toString('base64');
    await client.predict({
      deployment: name,
      inputs: [{ name: 'input', datatype: 'FP32', shape: [rows, 4], base64 }],
    });
    const [kept] = await logged(name, 1);
    expect(kept?.inputs).toEqual([{ name: 'input', datatype: 'FP32', shape: [rows, 4], data: null }]);
    expect(kept?.label).toBeNull();
  });

  it('has failures with their code, and nothing of predictions of models or of others that are not sampled', async () => {
    const name = await client.create({ variants: [{ ...champion, version: 2 }], logging: { keepPayloads: true } });
    const failing = { deployment: name, inputs: row(9, 9, 9, 9) };
    await expect(client.predict(failing)).rejects.toThrow('MODEL_RUN_FAILED');
    expect(await logged(name, 1)).toMatchObject([{ errorCode: 'MODEL_RUN_FAILED', inputs: null, outputs: null }]);
    const unsampled = await client.create({ variants: [champion], logging: { sampleRate: 0 } });
    expect((await client.predict({ deployment: unsampled })).predictionId).toBeNull();
    expect((await client.predict({ model: 'echo' })).predictionId).toBeNull();
    await quiet();
    expect(await logOf(unsampled)).toEqual([]);
  });

  it('takes a sample of the size that the policy says', async () => {
    const name = await client.create({ variants: [champion], logging: { sampleRate: 0.5 } });
    const answers = [];
    for (let index = 0; index < 100; index += 1) answers.push(await client.predict({ deployment: name }));
    const ids = answers.flatMap(({ predictionId }) => predictionId ?? []);
    // Outside of this by chance less than once in a million.
    expect(ids.length).toBeGreaterThan(25);
    expect(ids.length).toBeLessThan(75);
    await quiet();
    expect(
      new Set((await page({ first: 200, filter: { deployment: name } })).edges.map(({ node }) => node.id)),
    ).toEqual(new Set(ids));
  });

  it('is paged newest first and filtered by all that is given', async () => {
    const rival = { name: 'rival', role: 'CHALLENGER', model: 'echo', version: 2, weight: 100 };
    const name = await client.create({ variants: [champion, rival] });
    for (let index = 0; index < 12; index += 1) await client.predict({ deployment: name });
    const all = await logged(name, 12);
    const times = all.map(({ createdAt }) => createdAt);
    expect(times).toEqual(times.toSorted().toReversed());
    const first = await page({ first: 5, filter: { deployment: name } });
    const rest = await page({ after: first.pageInfo.endCursor, filter: { deployment: name } });
    expect(first.pageInfo.hasNextPage).toBe(true);
    expect([...first.edges, ...rest.edges].map(({ node }) => node.id)).toEqual(all.map(({ id }) => id));
    const ofRival = await logOf(name, { variant: 'rival' });
    expect(ofRival).toEqual(all.filter(({ variant }) => variant === 'rival'));
    expect(await logOf(name, { role: 'CHALLENGER' })).toEqual(ofRival);
    const [middle] = all.slice(6);
    const since = await logOf(name, { since: middle?.createdAt });
    const until_ = await logOf(name, { until: middle?.createdAt });
    expect(since.length + until_.length).toBe(12);
    expect(until_.every(({ createdAt }) => createdAt < (middle?.createdAt ?? ''))).toBe(true);
    expect((await client.refusal(LIST, { after: Buffer.from('["x","y"]').toString('base64url') })).code).toBe(
      'INVALID_CURSOR',
    );
  });

  it('shows nothing of another workspace', async () => {
    const name = await client.create({ variants: [champion] });
    await client.predict({ deployment: name });
    await logged(name, 1);
    const repository = nestor.api.app.get(PredictionLogRepository, { strict: false });
    expect((await repository.page(randomUUID(), {}, 10, undefined)).edges).toEqual([]);
    expect((await repository.page(randomUUID(), { deployment: name }, 10, undefined)).edges).toEqual([]);
  });

  it('never holds predictions up while it cannot be written: it drops, counts, and goes on later', async () => {
    const name = await client.create({ variants: [champion] });
    const before = await count('nestor_prediction_log_total', 'dropped');
    const repository = nestor.api.app.get(PredictionLogRepository, { strict: false });
    const insert = vi.spyOn(repository, 'insertAll').mockRejectedValue(new Error('the database is away'));
    const answers = [];
    for (let index = 0; index < 60; index += 1) answers.push(await client.predict({ deployment: name }));
    expect(answers.filter(({ predictionId }) => predictionId !== null)).toHaveLength(50);
    expect((await count('nestor_prediction_log_total', 'dropped')) - before).toBe(10);
    insert.mockRestore();
    await quiet();
    expect((await page({ first: 200, filter: { deployment: name } })).edges).toHaveLength(50);
  });

  it('gives up what the database itself refuses', async () => {
    const name = await client.create({ variants: [champion] });
    const before = await count('nestor_prediction_log_total', 'dropped');
    await client.predict({ deployment: name });
    await quiet();
    const [row_] = (
      await nestor.api.app
        .get(PredictionLogRepository, { strict: false })
        .page(nestor.context.actor.workspaceId, { deployment: name }, 1, undefined)
    ).edges;
    if (row_ === undefined) throw new Error('nothing was logged');
    log().add({ ...row_.node, id: randomUUID(), variant: 'a\0b', features: null, payload: null });
    await quiet();
    expect((await count('nestor_prediction_log_total', 'dropped')) - before).toBe(1);
    expect(await logOf(name)).toHaveLength(1);
  });

  it('is rid of what is too old', async () => {
    const name = await client.create({ variants: [champion] });
    await client.predict({ deployment: name });
    await client.predict({ deployment: name });
    const [newest] = await logged(name, 2);
    await nestor.dataSource.query(`UPDATE prediction_log SET created_at = now() - interval '31 days' WHERE id = $1`, [
      newest?.id,
    ]);
    await worker.get(PredictionLogSweeper, { strict: false }).sweep();
    const rest = await logOf(name);
    expect(rest).toHaveLength(1);
    expect(rest[0]?.id).not.toBe(newest?.id);
  });
});

describe('a shadow', () => {
  it('gets a copy of what was answered, whose result is logged beside it', async () => {
    const name = await client.create({ variants: [champion, shadow], logging: { keepPayloads: true } });
    const { predictionId } = await client.predict({ deployment: name, inputs: row(3, 2, 1, 0) });
    const rows = await logged(name, 2);
    expect(rows.find(({ role }) => role === 'SHADOW')).toMatchObject({
      primaryId: predictionId,
      variant: 'dark',
      version: 2,
      errorCode: null,
      inputs: row(3, 2, 1, 0),
      outputs: [{ data: [3, 2, 1, 0] }],
      label: 'a',
    });
  });

  it('fails without the caller hearing of it', async () => {
    const name = await client.create({ variants: [champion, shadow] });
    const answer = await client.predict({ deployment: name, inputs: row(9, 9, 9, 9) });
    expect(answer.variant).toBe('main');
    const rows = await logged(name, 2);
    expect(rows.find(({ role }) => role === 'SHADOW')).toMatchObject({ errorCode: 'MODEL_RUN_FAILED', label: null });
  });

  it('does not hold the caller up, and is dropped while too many run', async () => {
    const variants = [
      { ...champion, model: 'heavy', version: 2 },
      { ...shadow, model: 'heavy', version: 1 },
    ];
    const name = await client.create({ variants, logging: { sampleRate: 0 } });
    // About 10 ms a row: the shadow's run takes 300 ms, the champion's a thirtieth of that.
    const rows = 30;
    const inputs = [
      { name: 'input', datatype: 'FP32', shape: [rows, 16], base64: Buffer.alloc(rows * 64).toString('base64') },
    ];
    const second = await nestor.startWorker();
    const before = await count('nestor_shadow_runs_total', 'dropped');
    const succeeded = await count('nestor_shadow_runs_total', 'success');
    const startedAt = performance.now();
    await client.predict({ deployment: name, inputs });
    const elapsedMs = performance.now() - startedAt;
    const shadowStartedAt = performance.now();
    await until(
      () => count('nestor_shadow_runs_total', 'success'),
      (now) => now > succeeded,
    );
    expect(performance.now() - shadowStartedAt).toBeGreaterThan(elapsedMs);
    await Promise.all(Array.from({ length: 6 }, () => client.predict({ deployment: name, inputs })));
    expect((await count('nestor_shadow_runs_total', 'dropped')) - before).toBeGreaterThanOrEqual(2);
    await until(
      () => count('nestor_shadow_runs_total', 'success'),
      (now) => now > succeeded + 1,
    );
    await second.close();
  });
});

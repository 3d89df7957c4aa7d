import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CanaryRunner } from '../../src/modules/deployments/canary/canary-runner.js';
import { DeploymentSnapshot } from '../../src/modules/deployments/routing/deployment-snapshot.js';
import { deploymentClient, type DeploymentClient, executorsReady, row } from '../support/deployments.js';
import { startTestInference, type TestInference, until } from '../support/inference.js';
import { brittleModel, fixedBatchModel, identityModel } from '../support/onnx/models.js';

let nestor: TestInference;
let client: DeploymentClient;
let workers: readonly INestApplicationContext[];

beforeAll(async () => {
  nestor = await startTestInference({ NESTOR_CANARY_CHECK_MS: '50' });
  // Two, so that each is told what the other did.
  workers = [await nestor.startWorker(), await nestor.startWorker({ NESTOR_EXECUTORS: '0' })];
  client = deploymentClient(nestor);
  await nestor.register('echo', identityModel('FP32'));
  await nestor.register('echo', fixedBatchModel());
  // Fails for the row that the tests send.
  await nestor.register('echo', brittleModel(2));
  await executorsReady(nestor);
});

afterAll(() => nestor.close());

const champion = { name: 'main', role: 'CHAMPION', model: 'echo', version: 1 };
const CANARY = 'id deployment model version status reason steps step bakeSeconds startedAt stepStartedAt endedAt';
const START = `mutation ($input: StartCanaryInput!) { result: startCanary(input: $input) { ${CANARY} } }`;
const CANCEL = `mutation ($input: CancelCanaryInput!) { result: cancelCanary(input: $input) { ${CANARY} } }`;
const LIST = `query ($deployment: String!, $first: Int, $after: String) {
  result: canaries(deployment: $deployment, first: $first, after: $after) {
    edges { node { ${CANARY} gates { maxErrorRate maxP99RatioToChampion minRequests minReward } } }
    pageInfo { hasNextPage endCursor } } }`;
const READ = `query ($name: String!) {
  result: deployment(name: $name) { revision restores revisedBy variants { name role model version weight } } }`;
const ROLLBACK =
  'mutation ($input: RollbackDeploymentInput!) { result: rollbackDeployment(input: $input) { restores } }';
const UPDATE = 'mutation ($input: UpdateDeploymentInput!) { result: updateDeployment(input: $input) { revision } }';
const DELETE = 'mutation ($input: DeleteDeploymentInput!) { result: deleteDeployment(input: $input) { revision } }';

type Input = Readonly<Record<string, unknown>>;
interface Canary {
  readonly id: string;
  readonly status: string;
  readonly reason: string;
  readonly step: number;
  readonly endedAt: string | null;
}
interface Page {
  readonly edges: { node: Canary }[];
  readonly pageInfo: { hasNextPage: boolean; endCursor: string };
}
interface Deployment {
  readonly revision: number;
  readonly restores: number | null;
  readonly revisedBy: string;
  readonly variants: readonly Input[];
}

const gates = { maxErrorRate: 0.05, minRequests: 5 };
const plan = (deployment: string, changes: Input = {}) => ({
  input: { deployment, model: 'echo', version: 2, steps: [20, 60, 100], bakeSeconds: 1, gates, ...changes },
});
const start = (deployment: string, changes: Input = {}) => client.run<Canary>(START, plan(deployment, changes));
const read = (name: string) => client.run<Deployment>(READ, { name });
const canariesOf = async (deployment: string) =>
  (await client.run<Page>(LIST, { deployment })).edges.map(({ node }) => node);
const logging = { sampleRate: 0 };

/** Sends predictions until the newest canary has ended; those of callers may fail meanwhile. */
async function serveUntilEnded(deployment: string): Promise<{ canary: Canary; failures: number }> {
  let failures = 0;
  for (;;) {
    const [canary] = await canariesOf(deployment);
    if (canary !== undefined && canary.status !== 'RUNNING') return { canary, failures };
    const asked = Array.from({ length: 10 }, () => client.predict({ deployment, inputs: row(1, 2, 3, 4) }));
    failures += (await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected').length;
  }
}

const look = () => Promise.all(workers.map((worker) => worker.get(CanaryRunner, { strict: false }).look()));

const auditOf = (deployment: string) =>
  nestor.dataSource.query<{ action: string; actor: string; percent: number }[]>(
    `SELECT action, actor_id AS actor, (detail->>'percent')::int AS percent FROM audit_events
     WHERE resource_id = $1 AND action LIKE 'canary.%' ORDER BY (detail->>'revision')::int`,
    [deployment],
  );

describe('a canary', () => {
  it('rises step by step while it does well, and is the champion at the end', async () => {
    const name = await client.create({ variants: [champion], logging });
    const started = await start(name, { gates: { ...gates, maxP99RatioToChampion: 1_000 } });
    expect(started).toMatchObject({ deployment: name, version: 2, status: 'RUNNING', step: 1, endedAt: null });
    expect((await read(name)).variants).toMatchObject([
      { name: 'main', weight: 80 },
      { name: 'canary', role: 'CHALLENGER', version: 2, weight: 20 },
    ]);
    const { canary, failures } = await serveUntilEnded(name);
    expect(failures).toBe(0);
    expect(canary).toMatchObject({ id: started.id, status: 'SUCCEEDED', step: 3 });
    expect(canary.reason).toMatch(/all gates passed/);
    expect(await read(name)).toMatchObject({
      revision: 5,
      revisedBy: 'canary',
      variants: [{ ...champion, version: 2, weight: 100 }],
    });
    const events = await auditOf(name);
    expect(events.map(({ action, percent }) => `${action} ${percent}`)).toEqual([
      'canary.start 20',
      'canary.advance 60',
      'canary.advance 100',
      'canary.complete 100',
    ]);
    expect(events.slice(1).map(({ actor }) => actor)).toEqual(['canary', 'canary', 'canary']);
    // Back to what was before the canary, not into the middle of it.
    expect(await client.run(ROLLBACK, { input: { name } })).toEqual({ restores: 1 });
    expect((await read(name)).variants).toMatchObject([{ version: 1 }]);
  });

  it('rolls back by itself when its version fails, before many callers have met it', async () => {
    const name = await client.create({ variants: [champion], logging });
    await start(name, { version: 3, bakeSeconds: 60 });
    const { canary, failures } = await serveUntilEnded(name);
    expect(canary).toMatchObject({ status: 'ROLLED_BACK', step: 1 });
    expect(canary.reason).toMatch(/^error rate 1 is above 0.05$/);
    expect(failures).toBeGreaterThanOrEqual(5);
    expect(await read(name)).toMatchObject({
      revision: 3,
      restores: 1,
      variants: [{ ...champion, weight: 100 }],
    });
    // The api hears of what a worker did within moments.
    const snapshot = nestor.api.app.get(DeploymentSnapshot, { strict: false });
    await until(
      () => snapshot.find(nestor.context.actor.workspaceId, name),
      (routed) => routed?.answering.length === 1,
    );
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.predict({ deployment: name })));
    expect(new Set(answers.map(({ version }) => version))).toEqual(new Set([1]));
    expect((await auditOf(name)).map(({ action }) => action)).toEqual(['canary.start', 'canary.roll-back']);
  });

  it('rolls back for its latency, and for its rewards', async () => {
    const slow = await client.create({ variants: [champion], logging });
    await start(slow, { gates: { ...gates, maxP99RatioToChampion: 0.000_001 } });
    expect((await serveUntilEnded(slow)).canary).toMatchObject({ status: 'ROLLED_BACK' });
    const poor = await client.create({ variants: [champion], logging });
    await start(poor, { steps: [50, 100], gates: { ...gates, minReward: 0.5 } });
    const answers = await Promise.all(Array.from({ length: 90 }, () => client.predict({ deployment: poor })));
    const record = 'mutation ($input: RecordFeedbackInput!) { result: recordFeedback(input: $input) { reward } }';
    for (const { predictionId, variant } of answers) {
      // The champion's rewards are no merit of the canary's.
      await client.run(record, { input: { predictionId, reward: variant === 'canary' ? 0.4 : 1 } });
    }
    const { canary } = await serveUntilEnded(poor);
    expect(canary).toMatchObject({ status: 'ROLLED_BACK', reason: 'mean reward 0.4 is below 0.5' });
  });

  it('is taken back when told to, by itself or with its deployment', async () => {
    const waiting = { bakeSeconds: 3_600 };
    const name = await client.create({ variants: [champion], logging });
    await start(name, waiting);
    expect(await client.run(CANCEL, { input: { deployment: name } })).toMatchObject({ status: 'CANCELLED' });
    expect((await read(name)).variants).toEqual([{ ...champion, weight: 100 }]);
    expect((await client.refusal(CANCEL, { input: { deployment: name } })).code).toBe('CONFLICT');
    await start(name, waiting);
    await client.run(ROLLBACK, { input: { name } });
    expect((await read(name)).variants).toEqual([{ ...champion, weight: 100 }]);
    await start(name, waiting);
    await client.run(DELETE, { input: { name } });
    expect((await canariesOf(name)).map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED', 'CANCELLED']);
    const first = await client.run<Page>(LIST, { deployment: name, first: 2 });
    const rest = await client.run<Page>(LIST, { deployment: name, after: first.pageInfo.endCursor });
    expect([first.edges.length, first.pageInfo.hasNextPage, rest.edges.length]).toEqual([2, true, 1]);
    const cursor = Buffer.from('["x","y"]').toString('base64url');
    expect((await client.refusal(LIST, { deployment: name, after: cursor })).code).toBe('INVALID_CURSOR');
  });

  it('is alone: nothing else changes its deployment, and no second one begins', async () => {
    const name = await client.create({ variants: [champion], logging });
    await start(name, { bakeSeconds: 3_600 });
    expect((await client.refusal(START, plan(name))).code).toBe('CONFLICT');
    expect((await client.refusal(UPDATE, { input: { name, description: 'x' } })).code).toBe('CONFLICT');
    await client.run(CANCEL, { input: { deployment: name } });
    const rival = { name: 'rival', role: 'CHALLENGER', model: 'echo', version: 2, weight: 1 };
    await client.run(UPDATE, { input: { name, variants: [champion, rival] } });
    expect((await client.refusal(START, plan(name, { version: 3 }))).code).toBe('CONFLICT');
    const reserved = { ...rival, name: 'canary' };
    expect((await client.refusal(UPDATE, { input: { name, variants: [champion, reserved] } })).code).toBe(
      'INVALID_INPUT',
    );
  });

  it.each<[Input, string]>([
    [{ version: 9 }, 'MODEL_NOT_FOUND'],
    [{ version: 1 }, 'CONFLICT'],
    [{ steps: [50, 20, 100] }, 'INVALID_INPUT'],
    [{ bakeSeconds: 0 }, 'INVALID_INPUT'],
    [{ deployment: 'nobody' }, 'DEPLOYMENT_NOT_FOUND'],
  ])('is refused with %j', async (changes, code) => {
    const name = await client.create({ variants: [champion], logging });
    expect((await client.refusal(START, plan(name, changes))).code).toBe(code);
  });

  it('is moved once, however many look at the same time', async () => {
    const name = await client.create({ variants: [champion], logging });
    await start(name, { steps: [50, 100], gates: { ...gates, minRequests: 1 }, bakeSeconds: 1 });
    for (let index = 0; index < 20; index += 1) await client.predict({ deployment: name });
    await until(
      async () => {
        await look();
        return read(name);
      },
      ({ revision }) => revision === 3,
    );
    // The second step has had no prediction, so it waits.
    await look();
    expect(await read(name)).toMatchObject({ revision: 3 });
    expect((await canariesOf(name))[0]).toMatchObject({ status: 'RUNNING', step: 2 });
    await client.run(CANCEL, { input: { deployment: name } });
  });
});

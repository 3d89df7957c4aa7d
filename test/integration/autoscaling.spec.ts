import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { machineSize } from '../../src/modules/inference/hosting/machine.js';
import { startTestInference, type TestInference } from '../support/inference.js';
import { heavyModel } from '../support/onnx/models.js';

const SCALING =
  'replicas ready autoscaling { minReplicas maxReplicas lastScaledAt lastReason heldBack } hosts { room }';
const AUTOSCALE = `mutation ($input: AutoscaleExecutorPoolInput!) { autoscaleExecutorPool(input: $input) { ${SCALING} } }`;
const SCALE = 'mutation ($input: ScaleExecutorPoolInput!) { scaleExecutorPool(input: $input) { replicas } }';
const EVENTS = `{ auditEvents(first: 20, filter: { action: "executor-pool.autoscale" }) {
  edges { node { actor { name } detail } } } }`;

interface Pool {
  readonly replicas: number;
  readonly ready: number;
  readonly autoscaling: { readonly lastReason: string | null; readonly heldBack: string | null } | null;
}

let inference: TestInference;
beforeAll(async () => {
  inference = await startTestInference();
  // So that there is room for two, whatever the machine.
  const memoryBytes = Math.floor(machineSize().memoryBytes / 2);
  await inference.startWorker({ NESTOR_EXECUTOR_MEMORY_BYTES: String(memoryBytes) });
  await inference.register('heavy', heavyModel());
});
afterAll(() => inference.close());

async function pool(): Promise<Pool> {
  const { data, errors } = await inference.ask<{ executorPools: Pool[] }>(`{ executorPools { ${SCALING} } }`);
  expect(errors).toEqual([]);
  const [found] = data?.executorPools ?? [];
  if (found === undefined) throw new Error('There is no pool.');
  return found;
}

async function refusalOf(query: string, input: object): Promise<string | undefined> {
  const { errors } = await inference.ask(query, { input });
  expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }]);
  return errors[0]?.message;
}

const heavyInputs = [{ name: 'input', datatype: 'FP32', shape: [1, 16], data: Array.from({ length: 16 }, () => 1) }];
const PREDICT = `query ($inputs: [TensorInput!]) { predict(input: { model: "heavy", inputs: $inputs }) { executor } }`;

describe('a pool that scales itself', () => {
  it('grows while requests wait, shrinks when they do not, and loses none', async () => {
    const policy = { minReplicas: 1, maxReplicas: 50, targetQueueMs: 5, scaleDownDelaySeconds: 3 };
    const set = await inference.ask(AUTOSCALE, { input: { policy } });
    expect(set.errors).toEqual([]);
    const end = new AbortController();
    const codes: string[] = [];
    const callers = Array.from({ length: 12 }, async () => {
      while (!end.signal.aborted) {
        const { errors } = await inference.ask(PREDICT, { inputs: heavyInputs });
        codes.push(...errors.map(({ extensions }) => extensions.code));
      }
    });
    await expect.poll(async () => (await pool()).ready, { timeout: 20_000 }).toBe(2);
    const grown = await pool();
    expect(grown.autoscaling?.lastReason).toMatch(/^requests waited for \d+ ms on average, the target is 5 ms$/);
    // Nobody has room for fifty.
    const heldBack = async () => (await pool()).autoscaling?.heldBack;
    await expect.poll(heldBack, { timeout: 30_000 }).toMatch(/the machines of the pool have room for 2$/);
    end.abort();
    await Promise.all(callers);
    await expect.poll(async () => (await pool()).replicas, { timeout: 40_000 }).toBe(1);
    expect((await pool()).autoscaling).toMatchObject({
      lastReason: expect.stringMatching(/^1 have sufficed for \d+ s$/),
    });
    expect(codes).toEqual([]);
    const { data } = await inference.ask<{ auditEvents: { edges: { node: object }[] } }>(EVENTS);
    const events = data?.auditEvents.edges.map(({ node }) => node) ?? [];
    expect(events.at(-1)).toMatchObject({ actor: { name: 'autoscaler' }, detail: { from: 1, to: 2 } });
    expect(events[0]).toMatchObject({ detail: { to: 1 } });
  }, 120_000);

  it('lets nobody scale it out of its bounds, until it is told to stay as it is', async () => {
    expect(await refusalOf(SCALE, { replicas: 0 })).toMatch(/scales itself between 1 and 50/);
    const { data, errors } = await inference.ask<{ autoscaleExecutorPool: Pool }>(AUTOSCALE, { input: {} });
    expect(errors).toEqual([]);
    expect(data?.autoscaleExecutorPool).toMatchObject({ replicas: 1, autoscaling: null });
    expect((await inference.ask(SCALE, { input: { replicas: 0 } })).errors).toEqual([]);
  });

  it('cannot be told what makes no sense', async () => {
    const policy = { minReplicas: 2, maxReplicas: 1 };
    expect(await refusalOf(AUTOSCALE, { policy })).toMatch(/minReplicas: 2 is more than maxReplicas/);
    expect(await refusalOf(AUTOSCALE, { policy: { minReplicas: 3, maxReplicas: 3 } })).toMatch(/have room for 2/);
    expect(await refusalOf(AUTOSCALE, { policy: { minReplicas: 0, maxReplicas: 1 } })).toMatch(/minReplicas/);
    expect(await refusalOf(AUTOSCALE, { pool: 'gpu', policy: { minReplicas: 1, maxReplicas: 1 } })).toMatch(/there is/);
  });
});

import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestInference, type TestInference } from '../support/inference.js';
import { simpleModel } from '../support/onnx/models.js';

interface Pool {
  readonly name: string;
  readonly replicas: number;
  readonly ready: number;
  readonly health: string;
  readonly hosts: readonly { readonly id: string; readonly ready: number }[];
}

const POOL = 'name replicas ready health hosts { id ready }';
const SCALE = `mutation ($input: ScaleExecutorPoolInput!) { scaleExecutorPool(input: $input) { ${POOL} } }`;
const row = Array.from({ length: 16 }, (_, index) => index);
const PREDICT = `query ($inputs: [TensorInput!]) { predict(input: { model: "simple", inputs: $inputs }) { executor } }`;
const inputs = ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [1, 16], data: row }));

let inference: TestInference;
beforeAll(async () => {
  inference = await startTestInference();
  await inference.startWorker();
  await inference.register('simple', simpleModel());
});
afterAll(() => inference.close());

async function pools(): Promise<readonly Pool[]> {
  const { data, errors } = await inference.ask<{ executorPools: Pool[] }>(`{ executorPools { ${POOL} } }`);
  expect(errors).toEqual([]);
  return data?.executorPools ?? [];
}

async function scale(replicas: number): Promise<void> {
  const { errors } = await inference.ask(SCALE, { input: { replicas } });
  expect(errors).toEqual([]);
}

/** Executors that take requests, by the worker that hosts them. */
async function readyByHost(): Promise<number[]> {
  const { data } = await inference.ask<{ executors: { host: string; state: string }[] }>(
    '{ executors { host state } }',
  );
  const counts = new Map<string, number>();
  for (const { host, state } of data?.executors ?? []) {
    if (state === 'READY') counts.set(host, (counts.get(host) ?? 0) + 1);
  }
  return [...counts.values()].sort((one, other) => one - other);
}

async function untilReady(...expected: readonly number[]): Promise<void> {
  await expect.poll(readyByHost, { timeout: 20_000 }).toEqual(expected);
}

/** Predicts without a pause until it is stopped. @returns the codes of all errors, and how many answers were good. */
function predictAllTheTime(): { stop(): Promise<{ codes: string[]; answers: number }> } {
  const end = new AbortController();
  const codes: string[] = [];
  let answers = 0;
  const caller = async (): Promise<void> => {
    while (!end.signal.aborted) {
      const { errors } = await inference.ask(PREDICT, { inputs });
      if (errors.length === 0) answers += 1;
      codes.push(...errors.map(({ extensions }) => extensions.code));
    }
  };
  const callers = Promise.all([caller(), caller(), caller(), caller()]);
  return {
    stop: async () => {
      end.abort();
      await callers;
      return { codes, answers };
    },
  };
}

describe('a pool of executors', () => {
  it('is as large as its workers say, until somebody says otherwise', async () => {
    await untilReady(1);
    expect(await pools()).toEqual([
      { name: 'default', replicas: 1, ready: 1, health: 'HEALTHY', hosts: [{ id: expect.any(String), ready: 1 }] },
    ]);
  });

  it('grows and shrinks while it works, without losing a request', async () => {
    const load = predictAllTheTime();
    await scale(3);
    await untilReady(3);
    await sleep(300);
    await scale(1);
    await untilReady(1);
    await sleep(300);
    const { codes, answers } = await load.stop();
    expect(codes).toEqual([]);
    expect(answers).toBeGreaterThan(20);
  });

  it('is shared out among its workers, and those that are left take over', async () => {
    await scale(4);
    await untilReady(4);
    const second: INestApplicationContext = await inference.startWorker();
    await untilReady(2, 2);
    expect(await pools()).toMatchObject([{ replicas: 4, ready: 4, hosts: [{ ready: 2 }, { ready: 2 }] }]);
    await second.close();
    await untilReady(4);
  });

  it('can be stopped and started again', async () => {
    await scale(0);
    await untilReady();
    expect(await pools()).toMatchObject([{ replicas: 0, ready: 0, health: 'STOPPED' }]);
    await scale(1);
    await untilReady(1);
  });

  it('leaves an event, and refuses what makes no sense', async () => {
    const query =
      '{ auditEvents(first: 1, filter: { action: "executor-pool.scale" }) { edges { node { resourceId detail } } } }';
    const { data } = await inference.ask<{ auditEvents: { edges: { node: object }[] } }>(query);
    expect(data?.auditEvents.edges).toMatchObject([{ node: { resourceId: 'default', detail: { from: 0, to: 1 } } }]);
    const wrong = await inference.ask(SCALE, { input: { replicas: -1 } });
    expect(wrong.errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }]);
    const unknown = await inference.ask(SCALE, { input: { pool: 'gpu', replicas: 1 } });
    expect(unknown.errors).toMatchObject([
      { message: expect.stringContaining('there is default'), extensions: { code: 'INVALID_INPUT' } },
    ]);
  });
});

const RESOURCES = 'resources { devices threads memoryBytes cacheBytes environment { name value } }';
const CONFIGURE = `mutation ($input: ConfigureExecutorPoolInput!) { configureExecutorPool(input: $input) { ${RESOURCES} } }`;

interface Configured {
  readonly configureExecutorPool: { readonly resources: object };
}

async function configure(input: object): Promise<object | undefined> {
  const { data, errors } = await inference.ask<Configured>(CONFIGURE, { input });
  expect(errors).toEqual([]);
  return data?.configureExecutorPool.resources;
}

async function executorIds(): Promise<string[]> {
  const { data } = await inference.ask<{ executors: { id: string; state: string }[] }>('{ executors { id state } }');
  return (data?.executors ?? []).filter(({ state }) => state === 'READY').map(({ id }) => id);
}

describe('the resources of a pool', () => {
  it('can be changed while it works, without losing a request', async () => {
    await scale(2);
    await untilReady(2);
    const before = await executorIds();
    const load = predictAllTheTime();
    const environment = [{ name: 'OMP_WAIT_POLICY', value: 'PASSIVE' }];
    const memoryBytes = 2 * 1024 ** 3;
    expect(await configure({ memoryBytes, environment })).toEqual({
      devices: null,
      threads: null,
      memoryBytes,
      cacheBytes: null,
      environment,
    });
    const isReplaced = async () => (await executorIds()).filter((id) => before.includes(id)).length === 0;
    await expect.poll(isReplaced, { timeout: 20_000 }).toBe(true);
    await untilReady(2);
    const { codes, answers } = await load.stop();
    expect(codes).toEqual([]);
    expect(answers).toBeGreaterThan(20);
    // What is absent stays, null is forgotten.
    expect(await configure({ memoryBytes: null, threads: 1 })).toMatchObject({
      threads: 1,
      memoryBytes: null,
      environment,
    });
    const { data } = await inference.ask<{ auditEvents: { edges: { node: { detail: object } }[] } }>(
      '{ auditEvents(first: 1, filter: { action: "executor-pool.configure" }) { edges { node { detail } } } }',
    );
    expect(data?.auditEvents.edges[0]?.node.detail).toMatchObject({
      from: expect.stringContaining(`"memoryBytes":${memoryBytes}`),
      to: expect.stringContaining('"threads":1'),
    });
  });

  it.each([
    [
      'a variable that could load code',
      { environment: [{ name: 'LD_PRELOAD', value: '/tmp/evil.so' }] },
      /"LD_PRELOAD"/,
    ],
    ['options of Node', { environment: [{ name: 'NODE_OPTIONS', value: '--inspect' }] }, /"NODE_OPTIONS"/],
    ['a value of more than one line', { environment: [{ name: 'OMP_PLACES', value: 'a\nb' }] }, /OMP_PLACES/],
    ['more memory than there is', { memoryBytes: 1024 ** 4 }, /memoryBytes: no machine of the pool has/],
    ['too little memory', { memoryBytes: 1 }, /memoryBytes/],
    ['more cores than there are', { threads: 256 }, /threads: no machine of the pool has 256 cores/],
    ['a device that is none', { devices: ['tpu'] }, /devices/],
    ['no device', { devices: [] }, /devices/],
    ['a pool that nobody hosts', { pool: 'gpu', threads: 1 }, /there is default/],
  ])('refuse %s', async (_what, input, message) => {
    const { errors } = await inference.ask(CONFIGURE, { input });
    expect(errors).toMatchObject([{ extensions: { code: 'INVALID_INPUT' } }]);
    expect(errors[0]?.message).toMatch(message);
  });
});

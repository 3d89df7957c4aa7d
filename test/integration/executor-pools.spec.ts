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
  readonly hosts: readonly string[];
}

const POOL = 'name replicas ready health hosts';
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
      { name: 'default', replicas: 1, ready: 1, health: 'HEALTHY', hosts: [expect.any(String)] },
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
    expect(await pools()).toMatchObject([{ replicas: 4, ready: 4, hosts: [expect.any(String), expect.any(String)] }]);
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

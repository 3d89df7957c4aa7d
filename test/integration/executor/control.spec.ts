import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Inference } from '../../../src/modules/inference/client/executor-client.js';
import type { ExecutorPoolOptions } from '../../../src/modules/inference/pool/executor-pool.js';
import { built } from '../../support/built.js';
import { HEAVY_COLUMNS, heavyModel, lookupModel, mlpModel, simpleModel } from '../../support/onnx/models.js';
import { floats, simpleInference, startPool, type TestPool, until, untilReady } from './harness.js';

let running: TestPool | undefined;

async function start(options: Partial<ExecutorPoolOptions> = {}): Promise<TestPool> {
  running = await startPool(options);
  await untilReady(running, options.executors ?? 1);
  return running;
}

beforeAll(async () => {
  // It may have to be compiled, which is no part of the first test.
  await built('src/executor.main.js');
}, 120_000);

afterEach(async () => {
  await running?.close();
  running = undefined;
});

const keep = (...digests: readonly string[]) => ({
  residents: digests.map((digest) => ({ digest, bytes: 1, revision: 1 })),
  refused: [],
});
const refuse = (...digests: readonly string[]) => ({ residents: [], refused: digests });

const heldBy = ({ directory }: TestPool): string[][] =>
  directory.executors().map(({ models }) => models.map(({ digest }) => digest));

function heavy(digest: string, priority: number): Inference {
  const values = Array.from({ length: HEAVY_COLUMNS }, () => 1);
  const tensors = [floats('input', [1, HEAVY_COLUMNS], values)];
  return { digest, descriptor: { batchable: false, priority }, tensors, deadlineMs: 20_000 };
}

describe('an executor under control', () => {
  it('loads what it is to keep before anybody asks, and keeps it while others come and go', async () => {
    const pool = await start({ cacheBytes: 60_000 });
    const [kept, first, second] = (await Promise.all(
      [simpleModel(), mlpModel({ width: 64, hiddenLayers: 3 }), mlpModel({ seed: 2, width: 64, hiddenLayers: 3 })].map(
        (bytes) => pool.files.add(bytes),
      ),
    )) as [string, string, string];
    pool.pool.order(() => keep(kept));
    await until(() => heldBy(pool)[0]?.includes(kept) === true);
    const row = {
      tensors: [
        floats(
          'input',
          [1, 16],
          Array.from({ length: 16 }, () => 1),
        ),
      ],
      deadlineMs: 20_000,
    };
    for (let round = 0; round < 3; round += 1) {
      for (const digest of [first, second])
        await pool.client.infer({ digest, descriptor: { batchable: true }, ...row });
    }
    await until(() => heldBy(pool)[0]?.includes(second) === true);
    expect(heldBy(pool)[0]).toContain(kept);
    expect(pool.files.asked.filter((digest) => digest === kept)).toHaveLength(1);
  });

  it('answers what it took before it lets go of a model, and refuses what comes later', async () => {
    const pool = await start();
    const digest = await pool.files.add(heavyModel({ multiplications: 8 }));
    await pool.client.infer(heavy(digest, 1));
    const taken = Array.from({ length: 20 }, () => pool.client.infer(heavy(digest, 1)));
    // They were sent as one, so that all have arrived when the first is answered.
    await Promise.race(taken);
    pool.pool.order(() => refuse(digest));
    await Promise.all(taken);
    await until(() => heldBy(pool)[0]?.length === 0);
    await expect(pool.client.infer(heavy(digest, 1))).rejects.toMatchObject({ code: 'MODEL_UNLOADED' });
    pool.pool.order(() => keep(digest));
    await until(() => heldBy(pool)[0]?.includes(digest) === true);
    expect((await pool.client.infer(heavy(digest, 1))).outputs).toHaveLength(1);
  });

  it('says what it cannot load, and tries again when it is told anew', async () => {
    const pool = await start();
    const digest = await pool.files.add(lookupModel());
    const tensors = [{ name: 'index', datatype: 'INT64', shape: [1], base64: 'CQAAAAAAAAA=' }] as const;
    pool.files.warmUps.set(digest, [{ name: 'nine', kind: 'DATA', rows: 1, tensors }]);
    pool.pool.order(() => keep(digest));
    const failures = () => pool.directory.executors().flatMap((executor) => executor.failures);
    await until(() => failures().length === 1);
    expect(failures()[0]).toMatchObject({
      digest,
      error: { code: 'MODEL_LOAD_FAILED', message: expect.stringMatching(/warm-up sample "nine" failed/) },
    });
    pool.files.warmUps.delete(digest);
    pool.pool.order(() => ({ residents: [{ digest, bytes: 1, revision: 2 }], refused: [] }));
    await until(() => heldBy(pool)[0]?.includes(digest) === true && failures().length === 0);
  });

  it('takes requests of a higher priority first', async () => {
    const pool = await start();
    const digest = await pool.files.add(heavyModel());
    await pool.client.infer(heavy(digest, 1));
    const order: string[] = [];
    const sent = { 'low 1': 3, 'low 2': 3, high: 1, 'low 3': 3, middle: 2 };
    await Promise.all(
      Object.entries(sent).map(async ([name, priority]) => {
        await pool.client.infer(heavy(digest, priority));
        order.push(name);
      }),
    );
    expect(order).toEqual(['high', 'middle', 'low 1', 'low 2', 'low 3']);
  });

  it('lets a batch that is not full wait for more', async () => {
    const pool = await start();
    const digest = await pool.files.add(simpleModel());
    // What a row costs must be known before rows are joined.
    for (let rows = 1; rows <= 16; rows *= 4) await pool.client.infer(simpleInference(digest, 1, rows));
    const descriptor = { batchable: true, batchDelayMs: 1_500, maxBatchRows: 4 };
    const one = pool.client.infer({ ...simpleInference(digest, 1), descriptor });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const other = pool.client.infer({ ...simpleInference(digest, 2), descriptor });
    expect((await Promise.all([one, other])).map(({ batchRows }) => batchRows)).toEqual([2, 2]);
    // Full, so that it need not wait.
    const full = Array.from({ length: 4 }, (_, first) =>
      pool.client.infer({ ...simpleInference(digest, first), descriptor: { ...descriptor, batchDelayMs: 10_000 } }),
    );
    expect((await Promise.all(full)).map(({ batchRows }) => batchRows)).toEqual([4, 4, 4, 4]);
  });

  it('is chosen by where a model is placed, and by its device', async () => {
    const pool = await start({ executors: 3 });
    const digest = await pool.files.add(simpleModel());
    const run = (placement: Inference['placement']) => pool.client.infer({ ...simpleInference(digest), placement });
    const one = { maxInstances: 1 };
    const answers = await Promise.all(Array.from({ length: 60 }, () => run(one)));
    expect(new Set(answers.map(({ executor }) => executor)).size).toBe(1);
    const two = { maxInstances: 2 };
    const spread = await Promise.all(Array.from({ length: 60 }, () => run(two)));
    expect(new Set(spread.map(({ executor }) => executor)).size).toBe(2);
    expect((await run({ device: 'CUDA' })).outputs).toHaveLength(2);
    await expect(
      pool.client.infer({
        ...simpleInference(digest),
        placement: { device: 'CUDA', isDeviceRequired: true },
        deadlineMs: 200,
      }),
    ).rejects.toMatchObject({ code: expect.stringMatching(/EXECUTORS_UNAVAILABLE|DEADLINE_EXCEEDED/) });
  });
});

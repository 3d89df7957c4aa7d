import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GraphqlAnswer } from '../support/graphql.js';
import { startTestNestor, type TestNestor } from '../support/nestor.js';
import { loopOnDemandModel, memoryBombModel } from '../support/onnx/hostile-models.js';
import { divisionModel, growingLoopModel } from '../support/onnx/malformed-graphs.js';
import { simpleModel } from '../support/onnx/models.js';
import { INSIDE } from './inside.js';

const PREDICT = 'query ($input: PredictInput!) { predict(input: $input) { version outputs { data } } }';
const ones = Array.from({ length: 16 }, () => 1);
const first = { name: 'INPUT0', datatype: 'INT32', shape: [1, 16], data: ones };
const simple = { model: 'simple', inputs: [first, { ...first, name: 'INPUT1' }] };

let nestor: TestNestor;

const predict = (input: object) => nestor.send<object>(PREDICT, { input });

/** The code of the only error of an answer. */
function codeOf({ data, errors }: GraphqlAnswer<unknown>): string | undefined {
  expect(data).toBeNull();
  expect(errors).toHaveLength(1);
  expect(errors[0]?.message).not.toMatch(INSIDE);
  return errors[0]?.extensions.code;
}

const hostile = (model: string, size: bigint) => ({
  model,
  inputs: [{ name: 'input', datatype: 'INT64', shape: [1], data: [String(size)] }],
});

const division = (numerator: number, divisor: number) => ({
  model: 'division',
  inputs: [{ name: 'input', datatype: 'INT32', shape: [1, 2], data: [numerator, divisor] }],
});

/** Others predict until the hostile request is answered, and are all answered rightly. */
async function besideOthers(input: object): Promise<string | undefined> {
  const over = new AbortController();
  const answer = predict(input).finally(() => over.abort());
  do expect((await predict(simple)).errors).toEqual([]);
  while (!over.signal.aborted);
  return codeOf(await answer);
}

describe('a model that turns hostile when it is run', () => {
  beforeAll(async () => {
    nestor = await startTestNestor({
      redis: false,
      overrides: {
        NESTOR_EXECUTORS: '2',
        NESTOR_EXECUTOR_RUN_TIMEOUT_MS: '2000',
        NESTOR_EXECUTOR_MEMORY_BYTES: String(1024 ** 3),
      },
    });
    await nestor.addModel('simple', simpleModel());
  }, 60_000);

  afterAll(() => nestor?.close());

  it('takes memory without end: it fails, and others are served', async () => {
    await nestor.addModel('bomb', memoryBombModel());
    expect((await predict(hostile('bomb', 10n))).data).toMatchObject({ predict: { outputs: [{ data: [10] }] } });
    expect(await besideOthers(hostile('bomb', 2n ** 34n))).toBe('MODEL_RUN_FAILED');
    expect((await predict(hostile('bomb', 10n))).errors).toEqual([]);
  });

  it('gathers memory in a loop: it fails, and others are served', async () => {
    await nestor.addModel('gather', growingLoopModel());
    expect((await predict(hostile('gather', 10n))).errors).toEqual([]);
    expect(await besideOthers(hostile('gather', 2n ** 30n))).toBe('MODEL_RUN_FAILED');
    expect((await predict(hostile('gather', 10n))).errors).toEqual([]);
  });

  it('is made to fault by what it is given: others are served', async () => {
    await nestor.addModel('division', divisionModel());
    expect((await predict(division(6, 3))).data).toMatchObject({ predict: { outputs: [{ data: [2] }] } });
    expect(await besideOthers(division(1, 0))).toBe('MODEL_RUN_FAILED');
    expect(await besideOthers(division(-(2 ** 31), -1))).toBe('EXECUTOR_LOST');
    expect((await predict(division(6, 3))).errors).toEqual([]);
  });

  it('never ends: it is stopped, others are served, and in the end it is not run any more', async () => {
    await nestor.addModel('loop', loopOnDemandModel());
    expect((await predict(hostile('loop', 3n))).errors).toEqual([]);
    const codes: (string | undefined)[] = [];
    while (codes.length < 3 && codes.at(-1) !== 'MODEL_QUARANTINED') {
      codes.push(await besideOthers(hostile('loop', 2n ** 62n)));
    }
    expect(codes[0]).toBe('EXECUTOR_LOST');
    expect(codes.at(-1)).toBe('MODEL_QUARANTINED');
    expect(codeOf(await predict(hostile('loop', 3n)))).toBe('MODEL_QUARANTINED');
    expect((await predict(simple)).errors).toEqual([]);
  }, 60_000);
});

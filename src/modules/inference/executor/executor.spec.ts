import { EventEmitter, once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { memoryBombModel } from '../../../../test/support/onnx/hostile-models.js';
import {
  fixedBatchModel,
  identityModel,
  lookupModel,
  meanCentreModel,
  simpleModel,
} from '../../../../test/support/onnx/models.js';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { Datatype } from '../../../common/tensor/datatypes.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import { elementsOf, type JsonElement, tensorFromJson } from '../../../common/tensor/tensor-json.js';
import type { InferAnswer, InferRequest } from '../protocol/messages.js';
import { Executor, type ExecutorOptions } from './executor.js';
import { ModelSession } from './model-session.js';

const models: Readonly<Record<string, Buffer>> = {
  simple: simpleModel(),
  lookup: lookupModel(),
  text: identityModel('BYTES', 2),
  meanCentre: meanCentreModel(),
  fixedBatch: fixedBatchModel(),
  sum: memoryBombModel(),
  broken: Buffer.from('this is no model'),
};

interface Running {
  readonly executor: Executor;
  readonly fetched: string[];
  readonly opened: Buffer[];
  readonly ran: string[];
}

function start(options: Partial<ExecutorOptions> = {}): Running {
  const [fetched, opened, ran]: [string[], Buffer[], string[]] = [[], [], []];
  const executor = new Executor({
    cacheBytes: 1024 * 1024,
    batchMs: 1_000,
    maxBatchRows: 64,
    fetchModel: async (digest) => {
      fetched.push(digest);
      const bytes = models[digest];
      if (bytes === undefined) throw new CodedError('ARTIFACT_NOT_FOUND', 'No such file.');
      return { bytes, warmUp: [] };
    },
    openModel: async (bytes) => {
      opened.push(Buffer.from(bytes));
      return ModelSession.open(bytes, { device: 'cpu', threads: 1, emptyFolder: '/nowhere' });
    },
    onRunning: (digest) => ran.push(digest),
    onModels: () => undefined,
    ...options,
  });
  return { executor, fetched, opened, ran };
}

function request(digest: string, tensors: readonly Tensor[], more: Partial<InferRequest> = {}): InferRequest {
  return { digest, batchable: true, deadlineMs: 60_000, tensors, ...more };
}

function json(name: string, datatype: Datatype, shape: readonly number[], elements: readonly JsonElement[]): Tensor {
  return tensorFromJson(name, datatype, shape, elements);
}

/** Rows whose elements are `first`, `first + 1`… and ones. */
function simple(first: number, rows: number, more: Partial<InferRequest> = {}): InferRequest {
  const left = Array.from({ length: rows * 16 }, (_, index) => first + Math.floor(index / 16));
  const ones = left.map(() => 1);
  return request(
    'simple',
    [json('INPUT0', 'INT32', [rows, 16], left), json('INPUT1', 'INT32', [rows, 16], ones)],
    more,
  );
}

function lookup(index: number, more: Partial<InferRequest> = {}): InferRequest {
  return request('lookup', [json('index', 'INT64', [1], [index])], more);
}

function sumOfOnes(count: number): InferRequest {
  return request('sum', [json('input', 'INT64', [1], [count])]);
}

function submit({ executor }: Running, one: InferRequest): Promise<InferAnswer | CodedError> {
  return new Promise((resolve) => executor.submit(one, resolve));
}

function answered(result: InferAnswer | CodedError): InferAnswer {
  if (result instanceof CodedError) throw result;
  return result;
}

function codeOf(result: InferAnswer | CodedError): string {
  return result instanceof CodedError ? result.code : 'answered';
}

function firstOutput(result: InferAnswer | CodedError): JsonElement[] {
  const [output] = answered(result).outputs;
  return output === undefined ? [] : elementsOf(output);
}

describe('Executor', () => {
  it('gives each caller its own rows and outputs, whatever arrives together', async () => {
    const running = start();
    const wanted = fc.constantFrom(undefined, ['OUTPUT0'], ['OUTPUT1'], ['OUTPUT1', 'OUTPUT0']);
    const burst = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), wanted), { minLength: 1, maxLength: 12 });
    let joined = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(burst, { minLength: 1, maxLength: 3 }), async (bursts) => {
        const pending: Promise<void>[] = [];
        for (const [round, members] of bursts.entries()) {
          for (const [index, [rows, outputs]] of members.entries()) {
            const first = (round * 100 + index) * 10;
            const result = submit(running, simple(first, rows, { outputs }));
            pending.push(
              result.then((given) => {
                const { outputs: own, batchRows } = answered(given);
                if (batchRows > rows) joined += 1;
                expect(own.map(({ name }) => name)).toEqual(outputs ?? ['OUTPUT0', 'OUTPUT1']);
                for (const output of own) {
                  const change = output.name === 'OUTPUT0' ? 1 : -1;
                  const expected = Array.from({ length: rows * 16 }, (_, at) => first + Math.floor(at / 16) + change);
                  expect(output.shape).toEqual([rows, 16]);
                  expect(elementsOf(output)).toEqual(expected);
                }
              }),
            );
          }
          await new Promise(setImmediate);
        }
        await Promise.all(pending);
      }),
      { numRuns: 60 },
    );
    expect(joined).toBeGreaterThan(0);
    expect(running.opened).toHaveLength(1);
    expect(running.executor.inFlight).toBe(0);
  });

  it('joins strings', async () => {
    const running = start();
    const texts = ['a', 'bü', '', 'd'];
    const all = texts.map((text) => submit(running, request('text', [json('input', 'BYTES', [1, 2], [text, 'x'])])));
    const results = await Promise.all(all);
    expect(results.map(firstOutput)).toEqual(texts.map((text) => [text, 'x']));
    expect(results.some((result) => answered(result).batchRows > 1)).toBe(true);
  });

  it('lets a bad request fail alone', async () => {
    const running = start();
    await submit(running, lookup(0));
    const results = await Promise.all([1, 2, 99, 3].map((index) => submit(running, lookup(index))));
    expect(results.map(codeOf)).toEqual(['answered', 'answered', 'MODEL_RUN_FAILED', 'answered']);
    expect([0, 1, 3].map((index) => firstOutput(results[index] ?? new CodedError('CONFLICT', '')))).toEqual([
      [11],
      [12],
      [13],
    ]);
    const failure = results[2];
    expect(failure instanceof CodedError ? failure.message : '').toMatch(/^The model failed while running: Gather/);
  });

  it.each<[string, InferRequest, string]>([
    ['an unknown input', request('lookup', [json('other', 'INT64', [1], [0])]), 'INVALID_TENSOR'],
    ['a missing input', request('lookup', []), 'INVALID_TENSOR'],
    [
      'an input given twice',
      request('lookup', [json('index', 'INT64', [1], [0]), json('index', 'INT64', [1], [0])]),
      'INVALID_TENSOR',
    ],
    ['an unknown output', lookup(0, { outputs: ['other'] }), 'INVALID_INPUT'],
    ['no output', lookup(0, { outputs: [] }), 'INVALID_INPUT'],
    ['the wrong datatype', request('lookup', [json('index', 'FP32', [1], [0])]), 'INVALID_TENSOR'],
    ['the wrong rank', request('lookup', [json('index', 'INT64', [1, 1], [0])]), 'INVALID_TENSOR'],
    [
      'too few bytes',
      request('lookup', [{ name: 'index', datatype: 'INT64', shape: [1], data: new Uint8Array(7) }]),
      'INVALID_TENSOR',
    ],
    [
      'bytes that are no text',
      request('text', [
        { name: 'input', datatype: 'BYTES', shape: [1, 2], data: Uint8Array.of(1, 0, 0, 0, 255, 0, 0, 0, 0) },
      ]),
      'INVALID_TENSOR',
    ],
    ['a model that does not exist', request('absent', []), 'ARTIFACT_NOT_FOUND'],
    ['a file that is no model', request('broken', []), 'MODEL_LOAD_FAILED'],
  ])('refuses %s, beside good requests', async (_what, bad, code) => {
    const running = start();
    const results = await Promise.all([lookup(1), bad, lookup(2)].map((one) => submit(running, one)));
    expect(results.map(codeOf)).toEqual(['answered', code, 'answered']);
  });

  it('tries a model again after it could not be loaded', async () => {
    const running = start();
    expect(codeOf(await submit(running, request('absent', [])))).toBe('ARTIFACT_NOT_FOUND');
    expect(codeOf(await submit(running, request('absent', [])))).toBe('ARTIFACT_NOT_FOUND');
    expect(running.fetched).toEqual(['absent', 'absent']);
  });

  it('hides what was thrown inside', async () => {
    const running = start({ fetchModel: () => Promise.reject(new Error('secret')) });
    const result = await submit(running, lookup(1));
    expect(codeOf(result)).toBe('MODEL_RUN_FAILED');
    expect(JSON.stringify(result)).not.toContain('secret');
  });

  it('does not begin what is past its deadline', async () => {
    const running = start();
    await submit(running, lookup(0));
    running.ran.length = 0;
    expect(codeOf(await submit(running, lookup(0, { deadlineMs: 0 })))).toBe('DEADLINE_EXCEEDED');
    expect(running.ran).toEqual([]);
  });

  it('runs models one request at a time where they allow no batches', async () => {
    const running = start();
    const rows = [[1, 2, 3, 4], [5, 5, 5, 5]]; // prettier-ignore
    const all = rows.map((row) =>
      submit(running, request('fixedBatch', [json('input', 'FP32', [1, 4], row)], { batchable: false })),
    );
    const results = await Promise.all(all);
    expect(results.map(firstOutput)).toEqual(rows.map((row) => row.map((value) => 2 * value)));
    expect(results.map((result) => answered(result).batchRows)).toEqual([1, 1]);
  });

  it('runs requests one by one where a model turns out to have no rows to split', async () => {
    const running = start();
    await submit(running, sumOfOnes(1));
    const results = await Promise.all([2, 3].map((count) => submit(running, sumOfOnes(count))));
    expect(results.map(firstOutput)).toEqual([[2], [3]]);
  });

  it('lets ONNX Runtime judge inputs that do not have the same number of rows', async () => {
    const running = start();
    const uneven = request('simple', [
      json(
        'INPUT0',
        'INT32',
        [2, 16],
        Array.from({ length: 32 }, () => 1),
      ),
      json(
        'INPUT1',
        'INT32',
        [3, 16],
        Array.from({ length: 48 }, () => 1),
      ),
    ]);
    const results = await Promise.all([submit(running, uneven), submit(running, simple(1, 1))]);
    expect(results.map(codeOf)).toEqual(['MODEL_RUN_FAILED', 'answered']);
  });

  it('keeps to the rows that executor and model allow', async () => {
    const running = start({ maxBatchRows: 8 });
    const burst = async (more: Partial<InferRequest>): Promise<number[]> => {
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, first) => submit(running, simple(first, 1, more))),
      );
      return results.map((result) => answered(result).batchRows);
    };
    await burst({});
    expect(Math.max(...(await burst({})))).toBe(8);
    expect(Math.max(...(await burst({ maxBatchRows: 3 })))).toBe(3);
    expect(answered(await submit(running, simple(0, 20))).batchRows).toBe(20);
  });

  it('lets the least recently used model go where the cache is full, and loads it again', async () => {
    const [simpleBytes, lookupBytes] = [models['simple']?.byteLength ?? 0, models['lookup']?.byteLength ?? 0];
    const running = start({ cacheBytes: simpleBytes + lookupBytes });
    await submit(running, simple(1, 1));
    await submit(running, lookup(1));
    await submit(running, simple(1, 1));
    await submit(running, request('text', [json('input', 'BYTES', [1, 2], ['a', 'b'])]));
    expect(running.executor.models().map(({ digest }) => digest)).not.toContain('lookup');
    expect(codeOf(await submit(running, lookup(1)))).toBe('answered');
    expect(running.executor.loads).toBe(4);
    expect(running.fetched.filter((digest) => digest === 'lookup')).toHaveLength(2);
  });

  it('holds a model that is larger than its cache, and serves two that push each other out', async () => {
    const running = start({ cacheBytes: 1 });
    const all = Array.from({ length: 6 }, (_, index) => submit(running, index % 2 === 0 ? simple(1, 1) : lookup(1)));
    expect((await Promise.all(all)).map(codeOf)).toEqual(Array.from({ length: 6 }, () => 'answered'));
    expect(running.executor.models()).toHaveLength(1);
  });

  it('serves other models while one is being fetched', async () => {
    const slow = new EventEmitter();
    const running = start({
      fetchModel: async (digest) => {
        if (digest === 'lookup') await once(slow, 'fetched');
        return { bytes: models[digest] ?? Buffer.alloc(0), warmUp: [] };
      },
    });
    const waiting = submit(running, lookup(2));
    expect(firstOutput(await submit(running, simple(4, 1)))[0]).toBe(5);
    expect(running.executor.inFlight).toBe(1);
    slow.emit('fetched');
    expect(firstOutput(await waiting)).toEqual([12]);
  });

  it('does not run what was cancelled, nor load for nobody', async () => {
    const running = start();
    const results: string[] = [];
    const queued = running.executor.submit(lookup(1), (result) => results.push(codeOf(result)));
    running.executor.cancel(queued);
    running.executor.cancel(queued);
    await running.executor.whenIdle();
    await submit(running, simple(1, 1));
    expect(results).toEqual(['CANCELLED']);
    expect(running.ran).not.toContain('lookup');
    expect(running.opened).toHaveLength(1);
  });

  it('is idle as soon as everything is answered', async () => {
    const running = start();
    await running.executor.whenIdle();
    const result = submit(running, lookup(1));
    await running.executor.whenIdle();
    expect(codeOf(await result)).toBe('answered');
  });

  it('does not keep rows apart that a model mixes: that is what `batchable` is for', async () => {
    const running = start();
    const rows = [[1, 2, 3, 4], [5, 6, 7, 8]]; // prettier-ignore
    const all = rows.map((row) =>
      submit(running, request('meanCentre', [json('input', 'FP32', [1, 4], row)], { batchable: false })),
    );
    expect((await Promise.all(all)).map(firstOutput)).toEqual([[0, 0, 0, 0], [0, 0, 0, 0]]); // prettier-ignore
  });

  it('answers or refuses, and never fails, whatever is loaded, run, pushed out and unloaded at a time', async () => {
    const names = ['simple', 'lookup', 'meanCentre'] as const;
    const requests = {
      simple: () => simple(3, 1),
      lookup: () => lookup(2),
      meanCentre: () => request('meanCentre', [json('input', 'FP32', [1, 4], [1, 2, 3, 4])], { batchable: false }),
    };
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ run: fc.constantFrom(...names) }) },
      {
        weight: 1,
        arbitrary: fc.record({ keep: fc.subarray([...names]), refuse: fc.subarray([...names]), revision: fc.nat() }),
      },
      { weight: 1, arbitrary: fc.record({ waitMs: fc.nat(4) }) },
    );
    const seen = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 60 }), async (steps) => {
        // Room for one model, or for two of them.
        const running = start({ cacheBytes: 700 });
        const results: Promise<InferAnswer | CodedError>[] = [];
        for (const one of steps) {
          if ('run' in one) results.push(submit(running, requests[one.run]()));
          else if ('waitMs' in one) await new Promise((resolve) => setTimeout(resolve, one.waitMs));
          else {
            const residents = one.keep.map((digest) => ({
              digest,
              bytes: models[digest]?.length ?? 0,
              revision: one.revision,
            }));
            running.executor.order({ residents, refused: one.refuse.filter((digest) => !one.keep.includes(digest)) });
          }
        }
        for (const result of await Promise.all(results)) {
          seen.add(codeOf(result));
          expect(['answered', 'MODEL_UNLOADED']).toContain(codeOf(result));
        }
        running.executor.order({ residents: [], refused: [...names] });
        await vi.waitUntil(() => running.executor.models().length === 0, { timeout: 10_000, interval: 5 });
      }),
      { numRuns: 60 },
    );
    expect([...seen].sort()).toEqual(['MODEL_UNLOADED', 'answered']);
  });
});

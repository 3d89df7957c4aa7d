import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodedError } from '../../../common/errors/coded-error.js';
import type { Tensor } from '../../../common/tensor/tensor.js';
import type { InferenceResult } from '../client/executor-client.js';
import { cacheKey } from './cache-key.rules.js';
import { ResponseCache } from './response-cache.js';

const MINUTE = 60_000;

function result(value: number, bytes = 4): InferenceResult {
  const data = new Uint8Array(bytes).fill(value);
  const outputs: Tensor[] = [{ name: 'y', datatype: 'UINT8', shape: [bytes], data }];
  return { outputs, inferenceMs: 3, queueMs: 2, batchRows: 1, executor: 'one' };
}

/** A model that answers when it is told to. */
class Model {
  runs = 0;
  private readonly answers: ((answer: InferenceResult | CodedError) => void)[] = [];

  readonly run = (): Promise<InferenceResult> => {
    this.runs += 1;
    return new Promise((resolve, reject) => {
      this.answers.push((answer) => (answer instanceof CodedError ? reject(answer) : resolve(answer)));
    });
  };

  answer(answer: InferenceResult | CodedError): void {
    for (const tell of this.answers.splice(0)) tell(answer);
  }
}

const ask = (cache: ResponseCache, model: Model, key = 'key', more: { ms?: number; signal?: AbortSignal } = {}) =>
  cache.infer({ key, expiresAt: performance.now() + (more.ms ?? MINUTE), signal: more.signal, run: model.run });

const failure = (code: 'MODEL_RUN_FAILED' | 'CANCELLED' | 'DEADLINE_EXCEEDED') => new CodedError(code, 'No.');

describe('ResponseCache', () => {
  it('remembers an answer for its time, and says so', async () => {
    const cache = new ResponseCache(10_000, 40);
    const model = new Model();
    const first = ask(cache, model);
    model.answer(result(7));
    expect(await first).toEqual({ ...result(7), fromCache: false });
    expect(await ask(cache, model)).toEqual({ ...result(7), inferenceMs: 0, queueMs: 0, fromCache: true });
    await sleep(60);
    const again = ask(cache, model);
    expect(model.runs).toBe(2);
    model.answer(result(8));
    expect((await again).outputs[0]?.data[0]).toBe(8);
  });

  it('keeps its own copy, no larger than the tensors', async () => {
    const cache = new ResponseCache(10_000, MINUTE);
    const model = new Model();
    const large = new Uint8Array(1_000_000);
    const view: Tensor = { name: 'y', datatype: 'UINT8', shape: [4], data: large.subarray(8, 12) };
    const first = ask(cache, model);
    model.answer({ ...result(0), outputs: [view] });
    await first;
    large.fill(9);
    const [output] = (await ask(cache, model)).outputs;
    expect(output?.data).toEqual(new Uint8Array(4));
    expect(output?.data.buffer.byteLength).toBe(4);
  });

  it('runs equal requests of a moment once', async () => {
    const cache = new ResponseCache(10_000, MINUTE);
    const model = new Model();
    const all = Array.from({ length: 20 }, () => ask(cache, model));
    const other = ask(cache, model, 'other');
    expect(model.runs).toBe(2);
    model.answer(result(1));
    expect((await Promise.all(all)).map(({ fromCache }) => fromCache)).toEqual([
      false,
      ...all.slice(1).map(() => true),
    ]);
    expect((await other).fromCache).toBe(false);
  });

  it('forgets a failure, of which all hear who waited for it', async () => {
    const cache = new ResponseCache(10_000, MINUTE);
    const model = new Model();
    const both = Promise.allSettled([ask(cache, model), ask(cache, model)]);
    model.answer(failure('MODEL_RUN_FAILED'));
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const again = ask(cache, model);
    model.answer(result(2));
    expect((await again).fromCache).toBe(false);
    expect(model.runs).toBe(2);
  });

  it.each(['CANCELLED', 'DEADLINE_EXCEEDED'] as const)('asks again where another request ended by %s', async (code) => {
    const cache = new ResponseCache(10_000, MINUTE);
    const model = new Model();
    const first = ask(cache, model).catch((error: CodedError) => error.code);
    const second = ask(cache, model);
    model.answer(failure(code));
    expect(await first).toBe(code);
    await new Promise(setImmediate);
    expect(model.runs).toBe(2);
    model.answer(result(5));
    expect((await second).outputs[0]?.data[0]).toBe(5);
  });

  it('lets each who waits leave at its own time', async () => {
    const cache = new ResponseCache(10_000, MINUTE);
    const model = new Model();
    const gone = new AbortController();
    const first = ask(cache, model);
    const late = ask(cache, model, 'key', { ms: 10 });
    const left = ask(cache, model, 'key', { signal: gone.signal });
    gone.abort();
    await expect(left).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(ask(cache, model, 'key', { signal: gone.signal })).rejects.toMatchObject({ code: 'CANCELLED' });
    await expect(late).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    model.answer(result(1));
    expect((await first).fromCache).toBe(false);
    expect(model.runs).toBe(1);
  });

  it('never takes more bytes than it may', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 3_000 })), { maxLength: 40 }),
        async (asked) => {
          const cache = new ResponseCache(4_000, MINUTE);
          for (const [key, bytes] of asked) {
            await cache.infer({
              key: String(key),
              expiresAt: performance.now() + MINUTE,
              signal: undefined,
              run: () => Promise.resolve(result(key, bytes)),
            });
            expect(cache.bytes).toBeLessThanOrEqual(4_000);
          }
        },
      ),
    );
  });
});

const tensor = (shape: readonly number[], bytes: readonly number[], name = 'x'): Tensor => ({
  name,
  datatype: 'UINT8',
  shape,
  data: Uint8Array.from(bytes),
});

describe('cacheKey', () => {
  it('is the same for equal inputs and outputs, and for no others', () => {
    const key = cacheKey([tensor([2], [1, 2])], undefined);
    expect(cacheKey([tensor([2], [1, 2])], undefined)).toBe(key);
    const others = [
      cacheKey([tensor([2], [2, 1])], undefined),
      cacheKey([tensor([1, 2], [1, 2])], undefined),
      cacheKey([tensor([2], [1, 2], 'z')], undefined),
      cacheKey([tensor([1], [1]), tensor([1], [2], 'z')], undefined),
      cacheKey([{ ...tensor([2], [1, 2]), datatype: 'INT8' }], undefined),
      cacheKey([tensor([2], [1, 2])], ['y']),
      cacheKey([tensor([2], [1, 2])], ['y', 'z']),
      cacheKey([tensor([2], [1, 2])], ['z', 'y']),
    ];
    expect(new Set([key, ...others]).size).toBe(others.length + 1);
  });
});

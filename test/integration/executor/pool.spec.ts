import { afterEach, describe, expect, it } from 'vitest';
import { elementsOf } from '../../../src/common/tensor/tensor-json.js';
import type { ExecutorPoolOptions } from '../../../src/modules/inference/pool/executor-pool.js';
import { simpleModel } from '../../support/onnx/models.js';
import { simpleInference, startPool, type TestPool, untilReady } from './harness.js';

let running: TestPool | undefined;

async function start(options: Partial<ExecutorPoolOptions> = {}): Promise<TestPool> {
  running = await startPool(options);
  return running;
}

afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe('ExecutorPool', () => {
  it('serves a model', async () => {
    const test = await start();
    const digest = await test.files.add(simpleModel());
    await untilReady(test);
    const result = await test.client.infer(simpleInference(digest, 5));
    expect(result.outputs.map(({ name }) => name)).toEqual(['OUTPUT0', 'OUTPUT1']);
    expect(result.outputs.map((output) => elementsOf(output)[0])).toEqual([6, 4]);
    expect(result).toMatchObject({ batchRows: 1, executor: 'host-0.1' });
  });
});

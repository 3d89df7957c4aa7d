import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inspectModel } from '../../../src/modules/inference/pool/inspect-model.js';
import type { LaunchOptions } from '../../../src/modules/inference/pool/launch.js';
import { built } from '../../support/built.js';
import { endlessLoopModel, memoryBombAtLoadModel } from '../../support/onnx/hostile-models.js';
import { fixedBatchModel, simpleModel, writeModel } from '../../support/onnx/models.js';
import { digestOf, launchOptions } from './harness.js';

let folder: string;
let options: LaunchOptions;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'nestor-test-'));
  options = launchOptions(await built('src/executor.main.js'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function inspectBytes(bytes: Buffer, more: Partial<LaunchOptions> = {}, digest = digestOf(bytes)) {
  const path = await writeModel(folder, digestOf(bytes), bytes);
  return inspectModel({ path, digest }, { ...options, ...more });
}

/** An executor whose process does something else. */
async function impostor(code: string): Promise<Partial<LaunchOptions>> {
  const entry = join(folder, `${digestOf(Buffer.from(code))}.mjs`);
  await writeFile(entry, code);
  return { entry };
}

describe('inspectModel', () => {
  it('derives the signature and whether rows can be joined', async () => {
    const { inputs, outputs, batchable } = await inspectBytes(simpleModel());
    expect(inputs.map(({ name }) => name)).toEqual(['INPUT0', 'INPUT1']);
    expect(outputs[0]).toEqual({ name: 'OUTPUT0', datatype: 'INT32', shape: [-1, 16] });
    expect(batchable).toBe(true);
    expect((await inspectBytes(fixedBatchModel())).batchable).toBe(false);
  });

  it('ends a model that never ends', async () => {
    await expect(inspectBytes(endlessLoopModel(), { runTimeoutMs: 500 })).rejects.toMatchObject({
      code: 'MODEL_LOAD_FAILED',
      message: 'The model did not finish loading and a trial run within 500 ms.',
    });
  });

  it('does not let a model take the memory of the machine', async () => {
    const limits = { memoryBytes: 512 * 1024 * 1024 };
    await expect(inspectBytes(memoryBombAtLoadModel(), limits)).rejects.toMatchObject({ code: 'MODEL_LOAD_FAILED' });
  });

  it('refuses what is no model and what is another file', async () => {
    await expect(inspectBytes(Buffer.from('no model'))).rejects.toMatchObject({
      code: 'MODEL_LOAD_FAILED',
      message: 'ONNX Runtime cannot load the model: Failed to load model because protobuf parsing failed.',
    });
    await expect(inspectBytes(simpleModel(), {}, '0'.repeat(64))).rejects.toMatchObject({ code: 'ARTIFACT_CORRUPT' });
  });

  it('says so when the process crashes, or cannot be started', async () => {
    const model = simpleModel();
    const crashes = await impostor('process.abort();');
    await expect(inspectBytes(model, crashes)).rejects.toMatchObject({
      code: 'MODEL_LOAD_FAILED',
      message: 'The process that loaded the model crashed (SIGABRT).',
    });
    const ends = await impostor('process.exit(0);');
    await expect(inspectBytes(model, ends)).rejects.toMatchObject({ code: 'MODEL_LOAD_FAILED' });
  });

  it('ends a process that holds too much memory', async () => {
    const greedy = await impostor(`
      process.send({ type: 'running', digest: '' });
      const held = [];
      setInterval(() => held.push(new Uint8Array(32 * 1024 * 1024).fill(1)), 20);
    `);
    const limits = { ...greedy, memoryBytes: 300 * 1024 * 1024 };
    await expect(inspectBytes(simpleModel(), limits)).rejects.toMatchObject({ code: 'MODEL_LOAD_FAILED' });
  });
});

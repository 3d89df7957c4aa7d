import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  attribute,
  encodeModel,
  graph,
  ML_DOMAIN,
  ML_DOMAINS,
  node,
  tensor,
  valueInfo,
} from '../../../../models/training/onnx-builder.js';
import { garbageFiles, writeSparseZeros } from '../../../../test/support/onnx/garbage.js';
import {
  endlessLoopModel,
  externalDataModel,
  type ExternalDataPlace,
  hugeInitializerClaimModel,
  localFunctionModel,
  memoryBombModel,
  nestedSubgraphsModel,
  unknownDomainModel,
  type UnknownDomainPlace,
} from '../../../../test/support/onnx/hostile-models.js';
import { inspect, limits } from '../../../../test/support/onnx/inspect.js';
import { heavyModel, identityModel, mlpModel, simpleModel } from '../../../../test/support/onnx/models.js';
import { DATATYPES } from '../../../common/tensor/datatypes.js';
import { inspectOnnx, inspectOnnxFile } from './onnx-inspection.js';
import { bufferSource } from './wire-source.js';

describe('the summary of a model', () => {
  it('tells what the add/sub model is', async () => {
    const bytes = simpleModel();
    expect(await inspect(bytes)).toEqual({
      bytes: bytes.length,
      irVersion: 8,
      operatorSets: [{ domain: '', version: 17 }],
      producer: { name: 'nestor', version: '' },
      nodeCount: 2,
      operators: { Add: 1, Sub: 1 },
      parameterCount: 0,
      inputs: ['INPUT0', 'INPUT1'].map((name) => ({
        name,
        kind: 'TENSOR',
        datatype: 'INT32',
        shape: [-1, 16],
        dimensionNames: ['batch', ''],
      })),
      outputs: ['OUTPUT0', 'OUTPUT1'].map((name) => ({
        name,
        kind: 'TENSOR',
        datatype: 'INT32',
        shape: [-1, 16],
        dimensionNames: ['batch', ''],
      })),
      metadata: {},
    });
  });

  it('counts operators and parameters of a network whose weights it does not read', async () => {
    const bytes = mlpModel();
    let read = 0;
    const source = bufferSource(bytes);
    const counting = {
      size: source.size,
      read: (target: Uint8Array, position: number) => {
        read += target.length;
        return source.read(target, position);
      },
    };
    const summary = await inspectOnnx(counting, limits);
    expect(summary.operators).toEqual({ Gemm: 9, Relu: 8 });
    expect(summary.parameterCount).toBe(16 * 512 + 512 + 7 * (512 * 512 + 512) + 512 * 10 + 10);
    expect(read).toBeLessThan(bytes.length / 4);
  });

  it('counts nodes of subgraphs and accepts a loop, which only running can tell from an endless one', async () => {
    expect(await inspect(endlessLoopModel())).toMatchObject({
      nodeCount: 3,
      operators: { Loop: 1, Identity: 1, Cos: 1 },
    });
    expect((await inspect(memoryBombModel())).inputs).toMatchObject([{ datatype: 'INT64', shape: [1] }]);
  });

  it.each([...DATATYPES])('names the datatype %s', async (datatype) => {
    const { inputs } = await inspect(identityModel(datatype));
    expect(inputs).toMatchObject([{ name: 'input', kind: 'TENSOR', datatype }]);
  });

  it('accepts operators that the file itself defines, and the classical ones', async () => {
    const own = await inspect(localFunctionModel());
    expect(own.operators).toEqual({ 'local::Square': 1, Mul: 1 });
    expect(own.operatorSets).toEqual([
      { domain: '', version: 17 },
      { domain: 'local', version: 1 },
    ]);
    const classical = encodeModel(
      graph({
        name: 'classical',
        nodes: [node('Binarizer', ['input'], ['output'], { domain: ML_DOMAIN })],
        inputs: [valueInfo('input', 'FP32', ['batch', 4])],
        outputs: [valueInfo('output', 'FP32', ['batch', 4])],
      }),
      { domains: ML_DOMAINS },
    );
    expect((await inspect(classical)).operators).toEqual({ 'ai.onnx.ml::Binarizer': 1 });
  });

  it('leaves out inputs that have an initializer, keeps metadata and scalars', async () => {
    const bytes = encodeModel(
      graph({
        name: 'defaults',
        nodes: [node('Add', ['input', 'bias'], ['output'])],
        initializers: [tensor('bias', 'FP32', [], [1])],
        inputs: [valueInfo('input', 'FP32', []), valueInfo('bias', 'FP32', [])],
        outputs: [valueInfo('output', 'FP32', [])],
      }),
      { metadata: { author: 'Ada', __proto__x: 'y' }, producer: 'torch' },
    );
    const summary = await inspect(bytes);
    expect(summary.inputs).toEqual([
      { name: 'input', kind: 'TENSOR', datatype: 'FP32', shape: [], dimensionNames: [] },
    ]);
    expect(summary.parameterCount).toBe(1);
    expect(summary.metadata).toEqual({ author: 'Ada', __proto__x: 'y' });
    expect(summary.producer.name).toBe('torch');
  });
});

describe('refusals', () => {
  it.each(Object.entries(garbageFiles()))('%s is not ONNX', async (_name, bytes) => {
    await expect(inspect(bytes)).rejects.toMatchObject({ code: 'MODEL_NOT_ONNX' });
  });

  it('says what a file is that was taken for a model', async () => {
    const { zip = Buffer.of(), png = Buffer.of(), empty = Buffer.of() } = garbageFiles();
    await expect(inspect(zip)).rejects.toThrow(/ZIP archive/);
    await expect(inspect(png)).rejects.toThrow(/PNG image/);
    await expect(inspect(empty)).rejects.toThrow(/empty/);
  });

  it.each<ExternalDataPlace>(['initializer', 'attribute', 'sparse', 'subgraph', 'function', 'training'])(
    'external data in %s',
    async (place) => {
      for (const location of ['../secret', '/etc/passwd', 'weights.bin']) {
        const refusal = await inspect(externalDataModel(location, place)).catch((error: unknown) => error);
        expect(refusal).toMatchObject({ code: 'MODEL_EXTERNAL_DATA', details: { tensor: expect.any(String) } });
        expect(String(refusal)).not.toContain(location);
      }
    },
  );

  it.each<UnknownDomainPlace>(['import', 'node', 'subgraph', 'function'])('an unknown domain in %s', async (place) => {
    await expect(inspect(unknownDomainModel(place))).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN_DOMAIN',
      details: { domain: 'com.microsoft' },
    });
    await expect(inspect(unknownDomainModel(place, 'ai.onnx.training'))).rejects.toMatchObject({
      code: 'MODEL_UNKNOWN_DOMAIN',
    });
  });

  it('shapes that claim more than the bytes present, overflow, or are negative', async () => {
    for (const dims of [
      [1_000_000, 1_000_000],
      [2],
      [2 ** 30, 2 ** 30, 2 ** 30],
      Array.from({ length: 65 }, () => 1),
    ]) {
      await expect(inspect(hugeInitializerClaimModel(dims))).rejects.toMatchObject({ code: 'MODEL_LIMIT_EXCEEDED' });
    }
    await expect(inspect(hugeInitializerClaimModel([-1]))).rejects.toMatchObject({ code: 'MODEL_NOT_ONNX' });
    expect((await inspect(hugeInitializerClaimModel([0]))).parameterCount).toBe(0);
  });

  it('subgraphs nested a thousand deep, and just over the limit', async () => {
    await expect(inspect(nestedSubgraphsModel(1000))).rejects.toMatchObject({ code: 'MODEL_LIMIT_EXCEEDED' });
    await expect(inspect(nestedSubgraphsModel(16))).rejects.toMatchObject({ code: 'MODEL_LIMIT_EXCEEDED' });
    expect((await inspect(nestedSubgraphsModel(15))).operators).toEqual({ If: 15, Identity: 16 });
    expect((await inspect(nestedSubgraphsModel(1000), { maxDepth: 1001 })).nodeCount).toBe(2001);
  });

  it('too many nodes or bytes', async () => {
    const bytes = heavyModel({ multiplications: 3 });
    const { nodeCount } = await inspect(bytes);
    await expect(inspect(bytes, { maxNodes: nodeCount - 1 })).rejects.toMatchObject({ code: 'MODEL_LIMIT_EXCEEDED' });
    await expect(inspect(bytes, { maxBytes: bytes.length - 1 })).rejects.toMatchObject({
      code: 'MODEL_TOO_LARGE',
      details: { bytes: bytes.length, maxBytes: bytes.length - 1 },
    });
    expect(await inspect(bytes, { maxNodes: nodeCount, maxBytes: bytes.length })).toMatchObject({ nodeCount });
  });
});

describe('files', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'onnx-inspection-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('reads a model from disk and gives the same summary', async () => {
    const path = join(folder, 'mlp.onnx');
    await writeFile(path, mlpModel());
    expect(await inspectOnnxFile(path, limits)).toEqual(await inspect(mlpModel()));
  });

  it('refuses two gibibytes of zeros at their first byte, and above the limit unread', async () => {
    const path = join(folder, 'zeros.onnx');
    await writeSparseZeros(path);
    await expect(inspectOnnxFile(path, limits)).rejects.toMatchObject({ code: 'MODEL_TOO_LARGE' });
    await expect(inspectOnnxFile(path, { ...limits, maxBytes: 2 ** 32 })).rejects.toMatchObject({
      code: 'MODEL_NOT_ONNX',
      details: { position: 1 },
    });
  });

  it('refuses a folder, and passes on that a file is missing', async () => {
    await expect(inspectOnnxFile(folder, limits)).rejects.toMatchObject({ code: 'MODEL_NOT_ONNX' });
    await expect(inspectOnnxFile(join(folder, 'absent'), limits)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('long models', () => {
  it('are read across the window, whatever lies at its edge', async () => {
    const { ints } = attribute;
    const nodes = Array.from({ length: 9000 }, (_, index) =>
      node('Transpose', [index === 0 ? 'input' : `value${index - 1}`], [`value${index}`], {
        attributes: { perm: ints([0, 1]) },
      }),
    );
    const bytes = encodeModel(
      graph({
        name: 'long',
        nodes: [...nodes, node('Identity', ['value8999'], ['output'])],
        inputs: [valueInfo('input', 'FP32', ['batch', 4])],
        outputs: [valueInfo('output', 'FP32', ['batch', 4])],
      }),
    );
    expect(bytes.length).toBeGreaterThan(4 * 64 * 1024);
    expect((await inspect(bytes)).operators).toEqual({ Transpose: 9000, Identity: 1 });
  });
});

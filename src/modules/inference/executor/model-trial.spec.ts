import onnxProto from 'onnx-proto';
import { describe, expect, it } from 'vitest';
import { encodeModel, graph, node, tensor, valueInfo } from '../../../../models/training/onnx-builder.js';
import { memoryBombModel } from '../../../../test/support/onnx/hostile-models.js';
import {
  fixedBatchModel,
  identityModel,
  meanCentreModel,
  mlpModel,
  simpleModel,
} from '../../../../test/support/onnx/models.js';
import { DATATYPES } from '../../../common/tensor/datatypes.js';
import type { ModelInspection } from '../protocol/control.js';
import { ModelSession } from './model-session.js';
import { inspectSession } from './model-trial.js';
import { warmUp } from './warm-up.js';

function open(bytes: Uint8Array): Promise<ModelSession> {
  return ModelSession.open(bytes, { device: 'cpu', threads: 1, emptyFolder: '/nowhere' });
}

async function inspectBytes(bytes: Uint8Array): Promise<ModelInspection> {
  return inspectSession(await open(bytes));
}

/** `input` FP32 of a shape goes through one node that makes `output`. */
function oneNode(
  operator: string,
  input: (string | number)[],
  output: (string | number)[],
  constant?: number[],
): Buffer {
  return encodeModel(
    graph({
      name: operator,
      nodes: [node(operator, constant === undefined ? ['input'] : ['input', 'constant'], ['output'])],
      initializers: constant === undefined ? [] : [tensor('constant', 'INT64', [constant.length], constant)],
      inputs: [valueInfo('input', 'FP32', input)],
      outputs: [valueInfo('output', 'FP32', output)],
    }),
  );
}

describe('inspectSession', () => {
  it('derives the signature', async () => {
    const shape = [-1, 16];
    expect(await inspectBytes(simpleModel())).toEqual({
      inputs: [
        { name: 'INPUT0', datatype: 'INT32', shape },
        { name: 'INPUT1', datatype: 'INT32', shape },
      ],
      outputs: [
        { name: 'OUTPUT0', datatype: 'INT32', shape },
        { name: 'OUTPUT1', datatype: 'INT32', shape },
      ],
      batchable: true,
    });
  });

  it.each(DATATYPES)('finds that rows of %s can be joined', async (datatype) => {
    expect((await inspectBytes(identityModel(datatype))).batchable).toBe(true);
  });

  it.each<[string, boolean, Buffer]>([
    ['a network of matrix products', true, mlpModel({ width: 32, hiddenLayers: 2 })],
    ['other dimensions that vary', true, oneNode('Relu', ['batch', 'length'], ['batch', 'length'])],
    ['a dimension that must be 32', true, oneNode('Reshape', ['batch', 'length'], ['batch', 'a', 'b'], [-1, 4, 8])],
    ['a model that mixes rows', false, meanCentreModel()],
    ['a fixed number of rows', false, fixedBatchModel()],
    ['an output without rows', false, memoryBombModel()],
    [
      'an output that has other rows than its shape says',
      false,
      oneNode('Reshape', ['batch', 4], ['batch', 2], [-1, 2]),
    ],
    ['a model that takes one row at a time after all', false, oneNode('Reshape', ['batch', 4], ['batch', 4], [1, 4])],
    [
      'a model that fails on all made-up inputs',
      false,
      oneNode('Reshape', ['batch', 'length'], ['batch', 'a'], [-1, 7]),
    ],
    ['an input too large to be made up', false, oneNode('Relu', ['batch', 1_000_000, 8], ['batch', 1_000_000, 8])],
  ])('%s: batchable %s', async (_what, batchable, bytes) => {
    expect((await inspectBytes(bytes)).batchable).toBe(batchable);
  });

  it('refuses outputs that are no tensors', async () => {
    const { onnx } = onnxProto;
    const main = graph({
      name: 'sequence',
      nodes: [node('SequenceConstruct', ['input'], ['output'])],
      inputs: [valueInfo('input', 'FP32', ['batch'])],
      outputs: [valueInfo('output', 'FP32', ['batch'])],
    });
    main.output = [
      onnx.ValueInfoProto.create({
        name: 'output',
        type: { sequenceType: { elemType: { tensorType: { elemType: onnx.TensorProto.DataType.FLOAT } } } },
      }),
    ];
    await expect(inspectBytes(encodeModel(main))).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringContaining('Output "output" is no tensor') as string,
    });
  });

  it('warms up what it can, and minds nothing', async () => {
    await warmUp(await open(simpleModel()), []);
    await warmUp(await open(oneNode('Reshape', ['batch', 4], ['batch', 3], [-1, 3])), []);
    await warmUp(await open(oneNode('Relu', [1_000_000, 8], [1_000_000, 8])), []);
  });
});

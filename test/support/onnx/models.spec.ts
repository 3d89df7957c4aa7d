import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import type { Datatype } from '../../../src/common/tensor/datatypes.js';
import { localFunctionModel, endlessLoopModel, memoryBombModel } from './hostile-models.js';
import {
  fixedBatchModel,
  HEAVY_COLUMNS,
  heavyModel,
  identityModel,
  meanCentreModel,
  mlpModel,
  simpleModel,
} from './models.js';

const options: InferenceSession.SessionOptions = { intraOpNumThreads: 1, logSeverityLevel: 4 };

function floats(values: readonly number[], dims: readonly number[]): Tensor {
  return new Tensor('float32', Float32Array.from(values), dims);
}

function valuesOf(tensor: Tensor | undefined): unknown[] {
  return tensor === undefined ? [] : [...tensor.data];
}

describe('fixture models', () => {
  it('simple adds and subtracts', async () => {
    const session = await InferenceSession.create(simpleModel(), options);
    const left = new Tensor(
      'int32',
      Int32Array.from({ length: 32 }, (_, index) => index),
      [2, 16],
    );
    const right = new Tensor('int32', new Int32Array(32).fill(2), [2, 16]);
    const { OUTPUT0, OUTPUT1 } = await session.run({ INPUT0: left, INPUT1: right });
    expect(OUTPUT0?.dims).toEqual([2, 16]);
    expect([OUTPUT0?.data[31], OUTPUT1?.data[31]]).toEqual([33, 29]);
  });

  it('mlp is seeded and maps rows on their own', async () => {
    const bytes = mlpModel({ width: 32, hiddenLayers: 2 });
    expect(bytes.equals(mlpModel({ width: 32, hiddenLayers: 2 }))).toBe(true);
    expect(bytes.equals(mlpModel({ width: 32, hiddenLayers: 2, seed: 7 }))).toBe(false);
    const session = await InferenceSession.create(bytes, options);
    const row = Array.from({ length: 16 }, (_, index) => index / 16);
    const { output: one } = await session.run({ input: floats(row, [1, 16]) });
    const { output: two } = await session.run({ input: floats([...row, ...row], [2, 16]) });
    expect(one?.dims).toEqual([1, 10]);
    expect(two?.dims).toEqual([2, 10]);
    expect(Number(two?.data[13])).toBeCloseTo(Number(one?.data[3]), 5);
  });

  it('heavy keeps finite values', async () => {
    const session = await InferenceSession.create(heavyModel(), options);
    const input = floats(
      Array.from({ length: 2 * HEAVY_COLUMNS }, (_, index) => Math.sin(index)),
      [2, HEAVY_COLUMNS],
    );
    const { output } = await session.run({ input });
    expect(output?.dims).toEqual([2, HEAVY_COLUMNS]);
    expect(Array.from(output?.data ?? [], Number).every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  });

  it.each<[Datatype, Tensor]>([
    ['FP32', floats([1, 2, 3, 4], [1, 4])],
    ['FP64', new Tensor('float64', Float64Array.of(1, 2, 3, 4), [1, 4])],
    ['INT64', new Tensor('int64', BigInt64Array.of(1n, -2n, 3n, 2n ** 62n), [1, 4])],
    ['INT32', new Tensor('int32', Int32Array.of(1, -2, 3, 4), [1, 4])],
    ['INT8', new Tensor('int8', Int8Array.of(1, -2, 3, 4), [1, 4])],
    ['UINT8', new Tensor('uint8', Uint8Array.of(1, 2, 3, 255), [1, 4])],
    ['BOOL', new Tensor('bool', Uint8Array.of(1, 0, 1, 0), [1, 4])],
    ['BYTES', new Tensor('string', ['a', 'ü', '', 'd'], [1, 4])],
  ])('identity of %s answers what it was given', async (datatype, input) => {
    const session = await InferenceSession.create(identityModel(datatype), options);
    const { output } = await session.run({ input });
    expect(output?.type).toBe(input.type);
    expect(valuesOf(output)).toEqual(valuesOf(input));
  });

  it('meanCentre depends on the whole batch, fixedBatch takes one row', async () => {
    const centre = await InferenceSession.create(meanCentreModel(), options);
    const { output } = await centre.run({ input: floats([1, 2, 3, 4, 3, 4, 5, 6], [2, 4]) });
    expect(valuesOf(output)).toEqual([-1, -1, -1, -1, 1, 1, 1, 1]);
    const fixed = await InferenceSession.create(fixedBatchModel(), options);
    const { output: doubled } = await fixed.run({ input: floats([1, 2, 3, 4], [1, 4]) });
    expect(valuesOf(doubled)).toEqual([2, 4, 6, 8]);
    await expect(fixed.run({ input: floats([1, 2, 3, 4, 1, 2, 3, 4], [2, 4]) })).rejects.toThrow(/dimension/i);
  });

  it('the hostile models that are valid ONNX do load', async () => {
    const loop = await InferenceSession.create(endlessLoopModel(), options);
    expect(loop.outputNames).toEqual(['output']);
    const bomb = await InferenceSession.create(memoryBombModel(), options);
    const { output } = await bomb.run({ input: new Tensor('int64', BigInt64Array.of(1000n), [1]) });
    expect(Number(output?.data[0])).toBe(1000);
    const squared = await InferenceSession.create(localFunctionModel(), options);
    const { output: squares } = await squared.run({ input: floats([1, 2, 3, 4], [1, 4]) });
    expect(valuesOf(squares)).toEqual([1, 4, 9, 16]);
  });
});

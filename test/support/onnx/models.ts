import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  attribute,
  encodeModel,
  graph,
  node,
  tensor,
  valueInfo,
  type OnnxNode,
  type OnnxTensor,
} from '../../../models/training/onnx-builder.js';
import type { Datatype } from '../../../src/common/tensor/datatypes.js';
import { SeededRandom } from '../../../models/training/random.js';

/** The add/sub model of Triton's examples: INPUT0, INPUT1 INT32 [-1,16] → OUTPUT0 their sum, OUTPUT1 INPUT0 − INPUT1. */
export function simpleModel(): Buffer {
  const shape = ['batch', 16];
  return encodeModel(
    graph({
      name: 'simple',
      nodes: [node('Add', ['INPUT0', 'INPUT1'], ['OUTPUT0']), node('Sub', ['INPUT0', 'INPUT1'], ['OUTPUT1'])],
      inputs: [valueInfo('INPUT0', 'INT32', shape), valueInfo('INPUT1', 'INT32', shape)],
      outputs: [valueInfo('OUTPUT0', 'INT32', shape), valueInfo('OUTPUT1', 'INT32', shape)],
    }),
  );
}

/** `input` FP32 [-1,16] → eight ReLU layers of `width` → `output` FP32 [-1,10]. About 7 MB at width 512. */
export function mlpModel({ seed = 1, width = 512, hiddenLayers = 8 } = {}): Buffer {
  const random = new SeededRandom(seed);
  const widths = [16, ...Array.from({ length: hiddenLayers }, () => width), 10];
  const nodes: OnnxNode[] = [];
  const initializers: OnnxTensor[] = [];
  let value = 'input';
  for (let layer = 0; layer + 1 < widths.length; layer += 1) {
    const [rows, columns] = [widths[layer] ?? 0, widths[layer + 1] ?? 0];
    const isLast = layer + 2 === widths.length;
    const sum = isLast ? 'output' : `sum${layer}`;
    initializers.push(
      tensor(`weight${layer}`, 'FP32', [rows, columns], random.normalArray(rows * columns, Math.sqrt(2 / rows))),
      tensor(`bias${layer}`, 'FP32', [columns], random.normalArray(columns, 0.1)),
    );
    nodes.push(node('Gemm', [value, `weight${layer}`, `bias${layer}`], [sum]));
    if (!isLast) {
      nodes.push(node('Relu', [sum], [`hidden${layer}`]));
      value = `hidden${layer}`;
    }
  }
  return encodeModel(
    graph({
      name: 'mlp',
      nodes,
      initializers,
      inputs: [valueInfo('input', 'FP32', ['batch', 16])],
      outputs: [valueInfo('output', 'FP32', ['batch', 10])],
    }),
  );
}

const HEAVY_SIZE = 256;

/** Values in a row of `heavyModel`'s input and output. */
export const HEAVY_COLUMNS = 16;

/**
 * A model that costs the same time for every row: `input` FP32 [-1,16] → `output` FP32 [-1,16].
 * Each row is blown up to a 256×256 matrix and multiplied `multiplications` times by one constant matrix (33.6 MFLOP
 * each), which is bound by arithmetic, so that a batch of n rows takes n times as long. The default is about 10 ms a row
 * on one core of a 2020s server.
 */
export function heavyModel({ multiplications = 32, seed = 2 } = {}): Buffer {
  const random = new SeededRandom(seed);
  const nodes = [
    node('MatMul', ['input', 'widen'], ['wide']),
    node('Reshape', ['wide', 'columnShape'], ['column']),
    node('Mul', ['column', 'rowVector'], ['step0']),
  ];
  for (let step = 0; step < multiplications; step += 1) {
    nodes.push(node('MatMul', [`step${step}`, 'mix'], [`step${step + 1}`]));
  }
  nodes.push(
    node('ReduceMean', [`step${multiplications}`], ['mean'], {
      attributes: { axes: attribute.ints([2]), keepdims: attribute.int(0) },
    }),
    node('MatMul', ['mean', 'narrow'], ['output']),
  );
  return encodeModel(
    graph({
      name: 'heavy',
      nodes,
      initializers: [
        tensor('widen', 'FP32', [HEAVY_COLUMNS, HEAVY_SIZE], random.normalArray(HEAVY_COLUMNS * HEAVY_SIZE, 0.25)),
        tensor('columnShape', 'INT64', [3], [-1, HEAVY_SIZE, 1]),
        tensor('rowVector', 'FP32', [1, 1, HEAVY_SIZE], random.normalArray(HEAVY_SIZE, 1)),
        // A standard deviation of 1/√size keeps the magnitude of the values along the chain.
        tensor('mix', 'FP32', [HEAVY_SIZE, HEAVY_SIZE], random.normalArray(HEAVY_SIZE ** 2, 1 / Math.sqrt(HEAVY_SIZE))),
        tensor('narrow', 'FP32', [HEAVY_SIZE, HEAVY_COLUMNS], random.normalArray(HEAVY_SIZE * HEAVY_COLUMNS, 0.0625)),
      ],
      inputs: [valueInfo('input', 'FP32', ['batch', HEAVY_COLUMNS])],
      outputs: [valueInfo('output', 'FP32', ['batch', HEAVY_COLUMNS])],
    }),
  );
}

/** `input` FP32 [-1,3,224,224], a picture → `output` FP32 [-1,3,1,1], the mean of each of its channels. */
export function pictureModel(): Buffer {
  return encodeModel(
    graph({
      name: 'picture',
      nodes: [node('GlobalAveragePool', ['input'], ['output'])],
      inputs: [valueInfo('input', 'FP32', ['batch', 3, 224, 224])],
      outputs: [valueInfo('output', 'FP32', ['batch', 3, 1, 1])],
    }),
  );
}

/** `input` [-1, columns] of any datatype → the same as `output`. */
export function identityModel(datatype: Datatype, columns = 4): Buffer {
  const shape = ['batch', columns];
  return encodeModel(
    graph({
      name: 'identity',
      nodes: [node('Identity', ['input'], ['output'])],
      inputs: [valueInfo('input', datatype, shape)],
      outputs: [valueInfo('output', datatype, shape)],
    }),
  );
}

/** `input` FP32 [-1,4] less the mean of the batch: the first dimension varies, yet rows of two callers must not be joined. */
export function meanCentreModel(): Buffer {
  const shape = ['batch', 4];
  return encodeModel(
    graph({
      name: 'meanCentre',
      nodes: [
        node('ReduceMean', ['input'], ['mean'], {
          attributes: { axes: attribute.ints([0]), keepdims: attribute.int(1) },
        }),
        node('Sub', ['input', 'mean'], ['output']),
      ],
      inputs: [valueInfo('input', 'FP32', shape)],
      outputs: [valueInfo('output', 'FP32', shape)],
    }),
  );
}

/** `index` INT64 [-1] → the element of a table of four; an index beyond it makes the whole run fail. */
export function lookupModel(): Buffer {
  return encodeModel(
    graph({
      name: 'lookup',
      nodes: [node('Gather', ['table', 'index'], ['value'], { attributes: { axis: attribute.int(0) } })],
      initializers: [tensor('table', 'FP32', [4], [10, 11, 12, 13])],
      inputs: [valueInfo('index', 'INT64', ['batch'])],
      outputs: [valueInfo('value', 'FP32', ['batch'])],
    }),
  );
}

/** `input` FP32 [1,4] → `output` FP32 [1,4], doubled: exactly one row at a time. */
export function fixedBatchModel(): Buffer {
  return encodeModel(
    graph({
      name: 'fixedBatch',
      nodes: [node('Add', ['input', 'input'], ['output'])],
      inputs: [valueInfo('input', 'FP32', [1, 4])],
      outputs: [valueInfo('output', 'FP32', [1, 4])],
    }),
  );
}

/** `input` FP32 [-1,4] → the same as `output`, but a run fails where a value is not from −`size` to `size` − 1. */
export function brittleModel(size: number): Buffer {
  const shape = ['batch', 4];
  return encodeModel(
    graph({
      name: 'brittle',
      nodes: [
        node('Cast', ['input'], ['index'], { attributes: { to: attribute.int(7) } }),
        node('Gather', ['table', 'index'], ['output']),
      ],
      initializers: [
        tensor(
          'table',
          'FP32',
          [size],
          Float32Array.from({ length: size }, (_, index) => index),
        ),
      ],
      inputs: [valueInfo('input', 'FP32', shape)],
      outputs: [valueInfo('output', 'FP32', shape)],
    }),
  );
}

/** Writes a model into a folder (made if absent) and returns the path of the file. */
export async function writeModel(folder: string, name: string, bytes: Uint8Array): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.onnx`);
  await writeFile(path, bytes);
  return path;
}

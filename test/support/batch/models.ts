import { encodeModel, graph, node, tensor, valueInfo } from '../../../models/training/onnx-builder.js';

/** What the heavy model takes: 16 columns, some milliseconds a row. */
export const wide = Array.from({ length: 16 }, (_, index) => `c${index}`);
export const wideTable = (rows: number) =>
  [wide, ...Array.from({ length: rows }, (_, row) => wide.map((_, column) => ((row + column) % 7) / 7))].join('\n');

/** Looks a class up in a table of three; ONNX Runtime refuses a run that asks for another. */
export const lookupModel = () =>
  encodeModel(
    graph({
      name: 'lookup',
      nodes: [node('Gather', ['heights', 'class'], ['height'])],
      initializers: [tensor('heights', 'FP32', [3], [1.5, 2.5, 3.5])],
      inputs: [valueInfo('class', 'INT64', ['batch'])],
      outputs: [valueInfo('height', 'FP32', ['batch'])],
    }),
  );

/** Answers 50,000 numbers for each row, all of them twice its own. */
export const fanModel = () =>
  encodeModel(
    graph({
      name: 'fan',
      nodes: [node('MatMul', ['x', 'twos'], ['y'])],
      initializers: [tensor('twos', 'FP32', [1, 50_000], Array<number>(50_000).fill(2))],
      inputs: [valueInfo('x', 'FP32', ['batch', 1])],
      outputs: [valueInfo('y', 'FP32', ['batch', 50_000])],
    }),
  );

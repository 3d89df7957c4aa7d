import { HEAVY_COLUMNS } from '../../test/support/onnx/models.js';

export interface OpenInferenceTensor {
  readonly name: string;
  readonly datatype: 'INT32' | 'FP32';
  readonly shape: readonly [number, number];
  readonly data: readonly number[];
}

const integers = Array.from({ length: 16 }, (_, index) => index);

const floats = (columns: number): OpenInferenceTensor => ({
  name: 'input',
  datatype: 'FP32',
  shape: [1, columns],
  data: Array.from({ length: columns }, (_, index) => index / columns),
});

/** One row for each of the models that other servers are compared by. */
export const modelInputs = {
  simple: ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [1, 16], data: integers }) as const),
  mlp: [floats(16)],
  heavy: [floats(HEAVY_COLUMNS)],
} as const satisfies Record<string, readonly OpenInferenceTensor[]>;

export type ComparedModel = keyof typeof modelInputs;

const outputs: Readonly<Record<ComparedModel, string>> = { simple: 'OUTPUT1', mlp: 'output', heavy: 'output' };

/** What an Open Inference Protocol server is asked, and what shows that it answered. */
export const openInferenceCall = (model: ComparedModel): { readonly body: string; readonly expects: string } => ({
  body: JSON.stringify({ inputs: modelInputs[model] }),
  expects: `"name":"${outputs[model]}"`,
});

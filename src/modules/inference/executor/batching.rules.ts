import { CodedError } from '../../../common/errors/coded-error.js';
import type { Datatype } from '../../../common/tensor/datatypes.js';
import { encodeStrings, type Tensor } from '../../../common/tensor/tensor.js';
import type { InferRequest } from '../protocol/messages.js';

/** An output as a run leaves it; strings are not encoded yet, so that rows can be told apart. */
export interface RunOutput {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: Uint8Array | readonly string[];
}

/**
 * The rows that a request adds to a batch, or undefined where it must run alone: its model does not allow batches, or
 * its inputs do not share one first dimension (which ONNX Runtime then judges).
 */
export function rowsOf({ batchable, tensors }: InferRequest): number | undefined {
  const rows = tensors[0]?.shape[0];
  if (!batchable || rows === undefined || rows === 0) return undefined;
  return tensors.every((tensor) => tensor.shape[0] === rows) ? rows : undefined;
}

/**
 * Requests of one model with the same key can be joined: same inputs in the same order, same shape but for the rows, same
 * rules for their batches.
 */
export function batchKey({ tensors, maxBatchRows, batchDelayMs }: InferRequest): string {
  let key = `${maxBatchRows ?? ''} ${batchDelayMs ?? ''}`;
  for (const { name, datatype, shape } of tensors) key += `\n${name}\n${datatype} ${shape.slice(1).join(',')}`;
  return key;
}

/** Joins the inputs of requests with the same key along the first dimension. */
export function joinInputs(requests: readonly (readonly Tensor[])[], rows: number): readonly Tensor[] {
  const [first] = requests;
  if (first === undefined || requests.length === 1) return first ?? [];
  return first.map(({ name, datatype, shape }, index) => {
    const pieces = requests.map((tensors) => tensors[index]?.data ?? new Uint8Array(0));
    return { name, datatype, shape: [rows, ...shape.slice(1)], data: concatenate(pieces) };
  });
}

function concatenate(pieces: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const piece of pieces) length += piece.byteLength;
  const joined = Buffer.allocUnsafe(length);
  let offset = 0;
  for (const piece of pieces) {
    joined.set(piece, offset);
    offset += piece.byteLength;
  }
  return joined;
}

/** The outputs that a run must deliver so that each request gets its own; undefined is all of them. */
export function unionOfOutputs(requests: readonly InferRequest[]): readonly string[] | undefined {
  const names = new Set<string>();
  for (const { outputs } of requests) {
    if (outputs === undefined) return undefined;
    for (const name of outputs) names.add(name);
  }
  return [...names];
}

/** Thrown where an output does not have one row for each row of the batch: the requests must then run one by one. */
export class NotSplittable extends Error {}

/**
 * The part of an output that belongs to the rows from `start`.
 * @throws {NotSplittable}
 */
export function sliceRows(output: RunOutput, start: number, rows: number, totalRows: number): Tensor {
  const { name, datatype, shape, data } = output;
  if (shape[0] !== totalRows) throw new NotSplittable(`Output ${name} has ${shape[0] ?? 'no'} rows of ${totalRows}.`);
  const perRow = data.length / totalRows;
  const [from, to] = [start * perRow, (start + rows) * perRow];
  const bytes = data instanceof Uint8Array ? data.subarray(from, to) : encodeStrings(data.slice(from, to));
  return { name, datatype, shape: [rows, ...shape.slice(1)], data: bytes };
}

/** The whole of an output. */
export function wholeOutput({ name, datatype, shape, data }: RunOutput): Tensor {
  return { name, datatype, shape, data: data instanceof Uint8Array ? data : encodeStrings(data) };
}

/** The outputs that a request asked for, in its order. */
export function pickOutputs<Output extends { readonly name: string }>(
  outputs: readonly Output[],
  wanted: readonly string[] | undefined,
): readonly Output[] {
  if (wanted === undefined) return outputs;
  return wanted.flatMap((name) => outputs.filter((output) => output.name === name));
}

/**
 * Proves that a request names the inputs and outputs of its model.
 * @throws {CodedError} INVALID_TENSOR for inputs, INVALID_INPUT for outputs.
 */
export function assertNames(
  request: InferRequest,
  model: { readonly inputNames: readonly string[]; readonly outputNames: readonly string[] },
): void {
  const given = request.tensors.map((tensor) => tensor.name);
  for (const [index, name] of given.entries()) {
    if (!model.inputNames.includes(name)) {
      throw new CodedError(
        'INVALID_TENSOR',
        `The model has no input ${quote(name)}; it has ${list(model.inputNames)}.`,
      );
    }
    if (given.indexOf(name) !== index) throw new CodedError('INVALID_TENSOR', `Input ${quote(name)} is given twice.`);
  }
  for (const name of model.inputNames) {
    if (!given.includes(name)) throw new CodedError('INVALID_TENSOR', `Input ${quote(name)} is missing.`);
  }
  for (const name of request.outputs ?? []) {
    if (model.outputNames.includes(name)) continue;
    throw new CodedError('INVALID_INPUT', `The model has no output ${quote(name)}; it has ${list(model.outputNames)}.`);
  }
  if (request.outputs?.length === 0) throw new CodedError('INVALID_INPUT', 'The list of wanted outputs is empty.');
}

function quote(name: string): string {
  return JSON.stringify(name);
}

function list(names: readonly string[]): string {
  return names.map(quote).join(', ');
}

/** Bytes of input data that a request carries. */
export function inputBytes({ tensors }: InferRequest): number {
  return tensors.reduce((sum, tensor) => sum + tensor.data.byteLength, 0);
}

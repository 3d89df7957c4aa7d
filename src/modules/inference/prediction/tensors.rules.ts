import { CodedError } from '../../../common/errors/coded-error.js';
import type { Datatype } from '../../../common/tensor/datatypes.js';
import { tensorFromJson } from '../../../common/tensor/tensor-json.js';
import { assertTensor, elementCount, invalid, type Tensor } from '../../../common/tensor/tensor.js';
import type { TensorSpec } from '../../registry/tensor-spec.js';

/** A tensor as a caller gives it: nothing about it is proven. */
export interface GivenTensor {
  readonly name?: unknown;
  readonly datatype?: unknown;
  readonly shape?: unknown;
  readonly data?: unknown;
  readonly base64?: unknown;
  /** Raw data as {@link Tensor} has it, where the protocol carries bytes. */
  readonly bytes?: Uint8Array;
}

/** ONNX Runtime takes no more dimensions than fit in its shape hints; no model in use comes near. */
const MAX_DIMENSIONS = 32;

/**
 * Checks tensors against the model's inputs and decodes them.
 * @param maxJsonElements most elements of one tensor that may come as JSON.
 * @returns one tensor for each input, in the model's order.
 * @throws {CodedError} INVALID_TENSOR naming the tensor, what was expected and what was given; TENSOR_TOO_LARGE.
 */
export function readTensors(inputs: readonly TensorSpec[], given: unknown, maxJsonElements: number): Tensor[] {
  if (!Array.isArray(given)) throw new CodedError('INVALID_TENSOR', 'inputs: give a list of tensors.');
  const list: readonly unknown[] = given;
  const byName = new Map<string, GivenTensor>();
  for (const [index, item] of list.entries()) {
    const tensor = namedTensor(inputs, item, index);
    if (byName.has(tensor.name)) throw invalid(tensor.name, 'is given twice; give each input once');
    byName.set(tensor.name, tensor);
  }
  return inputs.map((input) => {
    const tensor = byName.get(input.name);
    if (tensor === undefined) throw invalid(input.name, `is missing; the model takes ${describeInputs(inputs)}`);
    return readTensor(input, tensor, maxJsonElements);
  });
}

function namedTensor(inputs: readonly TensorSpec[], item: unknown, index: number): GivenTensor & { name: string } {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw new CodedError('INVALID_TENSOR', `inputs[${index}]: give an object with name, datatype, shape and data.`);
  }
  const tensor: GivenTensor = item;
  const { name } = tensor;
  if (typeof name !== 'string' || name === '') {
    throw new CodedError('INVALID_TENSOR', `inputs[${index}]: has no name; the model takes ${describeInputs(inputs)}.`);
  }
  if (!inputs.some((input) => input.name === name)) {
    throw invalid(shorten(name), `is not an input of the model, which takes ${describeInputs(inputs)}`);
  }
  return { ...tensor, name };
}

function readTensor(input: TensorSpec, given: GivenTensor, maxJsonElements: number): Tensor {
  const { name, datatype } = input;
  if (given.datatype !== datatype) {
    throw invalid(
      name,
      `has the datatype ${shorten(JSON.stringify(given.datatype) ?? 'nothing')}; the model expects ${datatype}`,
    );
  }
  const shape = readShape(input, given.shape);
  const count = elementCount(name, shape);
  if (given.bytes !== undefined) return checked({ name, datatype, shape, data: given.bytes });
  const hasData = given.data !== undefined && given.data !== null;
  const hasBase64 = given.base64 !== undefined && given.base64 !== null;
  if (hasData === hasBase64) {
    throw invalid(name, hasData ? 'has both data and base64; give one of them' : 'has neither data nor base64');
  }
  if (hasBase64) return readBase64(name, datatype, shape, given.base64);
  if (count > maxJsonElements) {
    throw new CodedError(
      'TENSOR_TOO_LARGE',
      `Tensor ${JSON.stringify(name)} has ${count} elements; as JSON at most ${maxJsonElements} are taken. ` +
        'Send its bytes (little-endian, row-major) instead: as base64 in GraphQL, as binary data in the Open Inference Protocol.',
    );
  }
  return tensorFromJson(name, datatype, shape, given.data);
}

function readShape({ name, shape: expected }: TensorSpec, given: unknown): number[] {
  const wanted = describeShape(expected);
  if (!Array.isArray(given) || given.length > MAX_DIMENSIONS) {
    throw invalid(name, `needs a shape, a list of dimensions; the model expects ${wanted}`);
  }
  const shape: number[] = [];
  for (const dimension of given as readonly unknown[]) {
    if (typeof dimension !== 'number' || !Number.isSafeInteger(dimension) || dimension < 0) {
      throw invalid(name, 'has a dimension that is not a whole number of 0 or more');
    }
    shape.push(dimension);
  }
  const fits =
    shape.length === expected.length &&
    shape.every((dimension, axis) => (expected[axis] === -1 ? dimension > 0 : dimension === expected[axis]));
  if (!fits) {
    throw invalid(name, `has the shape ${JSON.stringify(shape)}; the model expects ${wanted}`);
  }
  return shape;
}

/** Node skips what is not base64 without a word, so the decoded length is held against the text's. */
function readBase64(name: string, datatype: Datatype, shape: readonly number[], base64: unknown): Tensor {
  if (typeof base64 !== 'string') throw invalid(name, 'has base64 that is not a string');
  const data = Buffer.from(base64, 'base64');
  if (data.byteLength !== Buffer.byteLength(base64, 'base64')) throw invalid(name, 'has base64 that is malformed');
  return checked({ name, datatype, shape, data });
}

function checked(tensor: Tensor): Tensor {
  assertTensor(tensor);
  return tensor;
}

export function describeInputs(inputs: readonly TensorSpec[]): string {
  return inputs.map((input) => `${input.name} (${input.datatype} ${describeShape(input.shape)})`).join(', ');
}

function describeShape(shape: readonly number[]): string {
  const hint = shape.includes(-1) ? ', where −1 is any number from 1 up' : '';
  return `[${shape.join(', ')}]${hint}`;
}

/** Of text that came from outside, messages repeat only the beginning. */
export function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

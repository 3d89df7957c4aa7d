import { CodedError } from '../errors/coded-error.js';
import { type Datatype, datatypeTable, type ElementArray } from './datatypes.js';

/**
 * A tensor as it travels between processes. `data` is raw, little-endian and row-major; elements of `BYTES` are each
 * preceded by their length as 4 bytes little-endian (the encoding of the Open Inference Protocol).
 */
export interface Tensor {
  readonly name: string;
  readonly datatype: Datatype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const LENGTH_BYTES = 4;

/**
 * Number of elements that a shape holds; 1 for the shape `[]` of a scalar.
 * @throws {CodedError} INVALID_TENSOR where a dimension is negative, broken or the product is beyond 2^53.
 */
export function elementCount(name: string, shape: readonly number[]): number {
  let count = 1;
  for (const dimension of shape) {
    if (!Number.isSafeInteger(dimension) || dimension < 0) {
      throw invalid(
        name,
        `has the shape ${JSON.stringify(shape)}; every dimension must be a whole number of 0 or more`,
      );
    }
    count *= dimension;
  }
  if (!Number.isSafeInteger(count)) throw invalid(name, `has the shape ${JSON.stringify(shape)}, which is too large`);
  return count;
}

/**
 * Proves that `data` is exactly what shape and datatype say.
 * @throws {CodedError} INVALID_TENSOR.
 */
export function assertTensor(tensor: Tensor): void {
  const count = elementCount(tensor.name, tensor.shape);
  const { bytes } = datatypeTable[tensor.datatype];
  if (tensor.datatype === 'BYTES') {
    const found = countStrings(tensor);
    if (found !== count) throw invalid(tensor.name, `has ${found} strings where its shape asks for ${count}`);
  } else if (tensor.data.byteLength !== count * bytes) {
    throw invalid(
      tensor.name,
      `has ${tensor.data.byteLength} bytes; shape ${JSON.stringify(tensor.shape)} of ${tensor.datatype} takes ${count * bytes}`,
    );
  }
}

/**
 * The elements of a numeric or BOOL tensor as a typed array: a view where the bytes are aligned, else a copy.
 * The bytes must have been checked by `assertTensor`.
 */
export function elementArray(tensor: Tensor): ElementArray {
  const { bytes, array: ElementArrayOf } = datatypeTable[tensor.datatype];
  const { data } = tensor;
  const aligned = data.byteOffset % bytes === 0 ? data : new Uint8Array(data);
  return new ElementArrayOf(aligned.buffer, aligned.byteOffset, aligned.byteLength / bytes);
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The strings of a BYTES tensor.
 * @throws {CodedError} INVALID_TENSOR where lengths run over the end or the bytes are not UTF-8.
 */
export function decodeStrings(tensor: Tensor): string[] {
  const strings: string[] = [];
  walkStrings(tensor, (start, end) => {
    try {
      strings.push(utf8.decode(tensor.data.subarray(start, end)));
    } catch (cause) {
      throw invalid(tensor.name, `element ${strings.length} is not valid UTF-8 text`, cause);
    }
  });
  return strings;
}

/** Encodes byte strings as the data of a BYTES tensor. */
export function encodeBytes(elements: readonly Uint8Array[]): Uint8Array {
  const size = elements.reduce((sum, { byteLength }) => sum + LENGTH_BYTES + byteLength, 0);
  const data = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const element of elements) {
    offset = data.writeUInt32LE(element.byteLength, offset);
    data.set(element, offset);
    offset += element.byteLength;
  }
  return data;
}

/** Encodes strings as the data of a BYTES tensor. */
export function encodeStrings(strings: readonly string[]): Uint8Array {
  let size = 0;
  for (const text of strings) size += LENGTH_BYTES + Buffer.byteLength(text);
  const data = Buffer.allocUnsafe(size);
  let offset = 0;
  for (const text of strings) {
    const length = data.write(text, offset + LENGTH_BYTES);
    data.writeUInt32LE(length, offset);
    offset += LENGTH_BYTES + length;
  }
  return data;
}

function countStrings(tensor: Tensor): number {
  let count = 0;
  walkStrings(tensor, () => {
    count += 1;
  });
  return count;
}

function walkStrings({ name, data }: Tensor, visit: (start: number, end: number) => void): void {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  let offset = 0;
  while (offset < data.byteLength) {
    const start = offset + LENGTH_BYTES;
    const end = start <= data.byteLength ? start + view.getUint32(offset, true) : Infinity;
    if (end > data.byteLength) {
      throw invalid(name, `has BYTES data whose element at byte ${offset} runs over the end`);
    }
    visit(start, end);
    offset = end;
  }
}

/** The error for a tensor that is not what it should be; `problem` completes the sentence `Tensor "x" …`. */
export function invalid(name: string, problem: string, cause?: unknown): CodedError {
  return new CodedError('INVALID_TENSOR', `Tensor ${JSON.stringify(name)} ${problem}.`, { cause });
}

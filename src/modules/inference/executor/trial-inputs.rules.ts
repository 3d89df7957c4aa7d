import { datatypeTable } from '../../../common/tensor/datatypes.js';
import { encodeStrings, type Tensor } from '../../../common/tensor/tensor.js';
import { numberToFloat16 } from '../../../common/tensor/float16.js';
import type { TensorSignature } from '../protocol/control.js';

/** Most elements of a tensor made up for a trial; models that want more are not tried. */
const MAX_TRIAL_ELEMENTS = 4 * 1024 * 1024;

/** A source of numbers in [0, 1). */
export type Random = () => number;

/**
 * Makes up one tensor that fits a signature.
 * @param rows the first dimension, where it varies
 * @param size every other dimension that varies
 * @param random source of the elements; without it they are zero, false or empty
 * @returns undefined where the tensor would be too large.
 */
export function trialTensor(
  { name, datatype, shape }: TensorSignature,
  rows: number,
  size: number,
  random?: Random,
): Tensor | undefined {
  const concrete = shape.map((dimension, index) => (dimension >= 0 ? dimension : index === 0 ? rows : size));
  const count = concrete.reduce((product, dimension) => product * dimension, 1);
  if (count > MAX_TRIAL_ELEMENTS) return undefined;
  const { kind, bytes, array } = datatypeTable[datatype];
  if (kind === 'string') {
    const texts = Array.from({ length: count }, () => (random === undefined ? '' : `t${Math.floor(random() * 4)}`));
    return { name, datatype, shape: concrete, data: encodeStrings(texts) };
  }
  const data = new Uint8Array(count * bytes);
  if (random === undefined) return { name, datatype, shape: concrete, data };
  const elements = new array(data.buffer, 0, count);
  for (let index = 0; index < count; index += 1) {
    // Whole numbers are 0 or 1, since they often are indices.
    if (elements instanceof BigInt64Array || elements instanceof BigUint64Array) elements[index] = BigInt(bit(random));
    else if (datatype === 'FP16') elements[index] = numberToFloat16(random() * 2 - 1);
    else elements[index] = kind === 'float' ? random() * 2 - 1 : bit(random);
  }
  return { name, datatype, shape: concrete, data };
}

function bit(random: Random): number {
  return random() < 0.5 ? 0 : 1;
}

/** All inputs of a model, or undefined where one would be too large. */
export function trialInputs(
  signature: readonly TensorSignature[],
  rows: number,
  size: number,
  random?: Random,
): readonly Tensor[] | undefined {
  const tensors = signature.flatMap((input) => trialTensor(input, rows, size, random) ?? []);
  return tensors.length === signature.length ? tensors : undefined;
}

/** A repeatable sequence of pseudo-random numbers in [0, 1) (mulberry32). */
export function seededRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

import type { Message } from './message-walker.js';
import { ONNX_DATA_TYPES } from './onnx-data-types.js';
import { externalData, limitExceeded, notOnnx, type OnnxInspection } from './onnx-inspection.state.js';
import { shorten } from './operator-domains.rules.js';

const MAX_RANK = 64;

/** The product of dimensions, refused when no tensor can have it. */
class ElementCount {
  product = 1;
  private rank = 0;

  multiply(dim: number): void {
    this.rank += 1;
    if (this.rank > MAX_RANK)
      throw limitExceeded(`has a tensor of more than ${MAX_RANK} dimensions`, { maxRank: MAX_RANK });
    if (dim < 0) throw notOnnx('a tensor has a negative dimension');
    this.product *= dim;
    if (this.product > Number.MAX_SAFE_INTEGER) {
      throw limitExceeded('has a tensor of more elements than any machine holds', {
        maxElements: Number.MAX_SAFE_INTEGER,
      });
    }
  }
}

export interface TensorFacts {
  readonly name: string;
  readonly elements: number;
  readonly bits: number;
}

/**
 * `TensorProto`: its header is read, its data only measured. Refuses external data and a shape that claims more
 * elements than the bytes present can hold.
 */
export function tensorMessage(done: (facts: TensorFacts) => void = () => {}): Message {
  const count = new ElementCount();
  let name = '';
  let dataType = 0;
  let rawBytes = 0;
  /** Most elements that the typed data fields can hold: a varint takes a byte at least. */
  let typedElements = 0;
  const external = (): never => {
    throw externalData(name);
  };
  return {
    name: 'TensorProto',
    fields: {
      1: { kind: 'integer', take: (dim) => count.multiply(dim) },
      2: { kind: 'integer', take: (value) => void (dataType = value) },
      4: { kind: 'size', take: (bytes) => void (typedElements += bytes / 4) },
      5: { kind: 'size', take: (bytes) => void (typedElements += bytes) },
      6: { kind: 'size', take: () => void (typedElements += 1) },
      7: { kind: 'size', take: (bytes) => void (typedElements += bytes) },
      8: { kind: 'text', take: (text) => void (name = text) },
      9: { kind: 'size', take: (bytes) => void (rawBytes += bytes) },
      10: { kind: 'size', take: (bytes) => void (typedElements += bytes / 8) },
      11: { kind: 'size', take: (bytes) => void (typedElements += bytes) },
      13: { kind: 'size', take: external },
      14: { kind: 'integer', take: (location) => (location === 0 ? undefined : external()) },
    },
    finish: () => {
      const type = ONNX_DATA_TYPES.get(dataType);
      if (type === undefined) throw notOnnx(`tensor "${shorten(name)}" has the unknown data type ${dataType}`);
      const perValue = Math.max(1, 8 / type.bits);
      const capacity = rawBytes > 0 ? (rawBytes * 8) / type.bits : typedElements * perValue;
      if (count.product > capacity) {
        throw limitExceeded(
          `claims ${count.product} elements of ${type.name} for tensor "${shorten(name)}", whose data can hold ${Math.floor(capacity)}`,
          { tensor: shorten(name), elements: count.product },
        );
      }
      done({ name, elements: count.product, bits: type.bits });
    },
  };
}

/** `SparseTensorProto`: checked like its parts; the runtime unfolds it, so the dense size is bounded as well. */
export function sparseTensorMessage(
  inspection: OnnxInspection,
  done: (facts: TensorFacts) => void = () => {},
): Message {
  const count = new ElementCount();
  let values: TensorFacts = { name: '', elements: 0, bits: 8 };
  return {
    name: 'SparseTensorProto',
    fields: {
      1: { kind: 'message', once: true, enter: () => tensorMessage((facts) => void (values = facts)) },
      2: { kind: 'message', once: true, enter: () => tensorMessage() },
      3: { kind: 'integer', take: (dim) => count.multiply(dim) },
    },
    finish: () => {
      const { maxBytes } = inspection.limits;
      if ((count.product * values.bits) / 8 > maxBytes) {
        throw limitExceeded(
          `has a sparse tensor "${shorten(values.name)}" that unfolds to more than ${maxBytes} bytes`,
          {
            tensor: shorten(values.name),
            maxBytes,
          },
        );
      }
      done({ ...values, elements: count.product });
    },
  };
}

import type { Message } from './message-walker.js';
import { ONNX_DATA_TYPES } from './onnx-data-types.js';
import { limitExceeded, notOnnx, type OnnxInspection } from './onnx-inspection.state.js';
import type { OnnxValue, OnnxValueKind } from './onnx-summary.js';

const MAX_RANK = 64;
const MAX_VALUES = 10_000;

const refuseLongName = (bytes: number): never => {
  throw notOnnx(`the name of an input or output has ${bytes} bytes`);
};

interface DeclaredType {
  kind: OnnxValueKind;
  elementType: number;
  dimensions: { size: number; name: string }[] | undefined;
}

/** `ValueInfoProto` of an input or output; the declaration is added to `values`. */
export function valueInfoMessage(inspection: OnnxInspection, values: OnnxValue[]): Message {
  const type: DeclaredType = { kind: 'UNKNOWN', elementType: 0, dimensions: undefined };
  let name = '';
  return {
    name: 'ValueInfoProto',
    fields: {
      1: { kind: 'text', take: (text) => void (name = text), tooLong: refuseLongName },
      2: { kind: 'message', once: true, enter: () => typeMessage(inspection, type) },
    },
    finish: () => {
      if (values.length >= MAX_VALUES)
        throw limitExceeded(`has more than ${MAX_VALUES} inputs or outputs`, { maxValues: MAX_VALUES });
      const datatype = ONNX_DATA_TYPES.get(type.elementType)?.datatype;
      values.push({
        name: inspection.keep(name),
        kind: type.kind,
        ...(datatype === undefined ? {} : { datatype }),
        ...(type.dimensions === undefined
          ? {}
          : {
              shape: type.dimensions.map(({ size }) => size),
              dimensionNames: type.dimensions.map((dimension) => dimension.name),
            }),
      });
    },
  };
}

function typeMessage(inspection: OnnxInspection, type: DeclaredType): Message {
  const is = (kind: OnnxValueKind) => ({ kind: 'size' as const, take: () => void (type.kind = kind) });
  return {
    name: 'TypeProto',
    fields: {
      1: {
        kind: 'message',
        once: true,
        enter: () => {
          type.kind = 'TENSOR';
          return tensorTypeMessage(inspection, type);
        },
      },
      4: is('SEQUENCE'),
      5: is('MAP'),
      7: is('OPAQUE'),
      8: is('SPARSE_TENSOR'),
      9: is('OPTIONAL'),
    },
  };
}

function tensorTypeMessage(inspection: OnnxInspection, type: DeclaredType): Message {
  return {
    name: 'TypeProto.Tensor',
    fields: {
      1: { kind: 'integer', take: (value) => void (type.elementType = value) },
      2: {
        kind: 'message',
        once: true,
        enter: () => {
          const dimensions: { size: number; name: string }[] = [];
          type.dimensions = dimensions;
          return {
            name: 'TensorShapeProto',
            fields: { 1: { kind: 'message', once: false, enter: () => dimensionMessage(inspection, dimensions) } },
          };
        },
      },
    },
  };
}

function dimensionMessage(inspection: OnnxInspection, dimensions: { size: number; name: string }[]): Message {
  let size = -1;
  let name = '';
  return {
    name: 'TensorShapeProto.Dimension',
    fields: {
      // The two are one field of two kinds: the last counts. Some exporters write −1 for a size that is not known.
      1: {
        kind: 'integer',
        take: (value) => {
          size = Math.max(-1, value);
          name = '';
        },
      },
      2: {
        kind: 'text',
        take: (text) => {
          size = -1;
          name = text;
        },
      },
    },
    finish: () => {
      if (dimensions.length >= MAX_RANK)
        throw limitExceeded(`declares more than ${MAX_RANK} dimensions`, { maxRank: MAX_RANK });
      dimensions.push({ size, name: inspection.keep(name) });
    },
  };
}

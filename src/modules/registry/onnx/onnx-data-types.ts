import type { Datatype } from '../../../common/tensor/datatypes.js';

export interface OnnxDataType {
  /** Name in `TensorProto.DataType`. */
  readonly name: string;
  /** The same type of the Open Inference Protocol; absent where it has none, and models cannot take or give it. */
  readonly datatype?: Datatype;
  /** Bits of an element in `raw_data`; 8 for strings, of which every element has at least its length byte. */
  readonly bits: number;
}

/** `TensorProto.DataType` of ONNX 1.20 by number. */
export const ONNX_DATA_TYPES: ReadonlyMap<number, OnnxDataType> = new Map([
  [1, { name: 'FLOAT', datatype: 'FP32', bits: 32 }],
  [2, { name: 'UINT8', datatype: 'UINT8', bits: 8 }],
  [3, { name: 'INT8', datatype: 'INT8', bits: 8 }],
  [4, { name: 'UINT16', datatype: 'UINT16', bits: 16 }],
  [5, { name: 'INT16', datatype: 'INT16', bits: 16 }],
  [6, { name: 'INT32', datatype: 'INT32', bits: 32 }],
  [7, { name: 'INT64', datatype: 'INT64', bits: 64 }],
  [8, { name: 'STRING', datatype: 'BYTES', bits: 8 }],
  [9, { name: 'BOOL', datatype: 'BOOL', bits: 8 }],
  [10, { name: 'FLOAT16', datatype: 'FP16', bits: 16 }],
  [11, { name: 'DOUBLE', datatype: 'FP64', bits: 64 }],
  [12, { name: 'UINT32', datatype: 'UINT32', bits: 32 }],
  [13, { name: 'UINT64', datatype: 'UINT64', bits: 64 }],
  [14, { name: 'COMPLEX64', bits: 64 }],
  [15, { name: 'COMPLEX128', bits: 128 }],
  [16, { name: 'BFLOAT16', bits: 16 }],
  [17, { name: 'FLOAT8E4M3FN', bits: 8 }],
  [18, { name: 'FLOAT8E4M3FNUZ', bits: 8 }],
  [19, { name: 'FLOAT8E5M2', bits: 8 }],
  [20, { name: 'FLOAT8E5M2FNUZ', bits: 8 }],
  [21, { name: 'UINT4', bits: 4 }],
  [22, { name: 'INT4', bits: 4 }],
  [23, { name: 'FLOAT4E2M1', bits: 4 }],
  [24, { name: 'FLOAT8E8M0', bits: 8 }],
  [25, { name: 'UINT2', bits: 2 }],
  [26, { name: 'INT2', bits: 2 }],
] satisfies [number, OnnxDataType][]);

/** Element types of the Open Inference Protocol. `BYTES` holds strings. */
export const DATATYPES = [
  'BOOL',
  'UINT8',
  'UINT16',
  'UINT32',
  'UINT64',
  'INT8',
  'INT16',
  'INT32',
  'INT64',
  'FP16',
  'FP32',
  'FP64',
  'BYTES',
] as const;

export type Datatype = (typeof DATATYPES)[number];

/** Names of the same types in ONNX Runtime. */
export type OrtType =
  | 'bool'
  | 'uint8'
  | 'uint16'
  | 'uint32'
  | 'uint64'
  | 'int8'
  | 'int16'
  | 'int32'
  | 'int64'
  | 'float16'
  | 'float32'
  | 'float64'
  | 'string';

/** Typed arrays that ONNX Runtime takes. `BOOL` is one byte an element, `FP16` its 16 bits. */
export type ElementArray =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

type ElementArrayConstructor = new (buffer: ArrayBufferLike, byteOffset: number, length: number) => ElementArray;

export interface DatatypeEntry {
  /** Bytes of one element; 0 where they vary (`BYTES`). */
  readonly bytes: number;
  readonly ort: OrtType;
  readonly kind: 'boolean' | 'integer' | 'bigInteger' | 'float' | 'string';
  /** Least and greatest finite value of an element, inclusive; integers of 64 bits are compared as bigint. */
  readonly minimum: number | bigint;
  readonly maximum: number | bigint;
  readonly array: ElementArrayConstructor;
}

const MAX_FLOAT16 = 65_504;
const MAX_FLOAT32 = 3.402_823_466_385_288_6e38;

/** The one table of datatypes: everything else about them derives from it. */
export const datatypeTable: Readonly<Record<Datatype, DatatypeEntry>> = {
  BOOL: { bytes: 1, ort: 'bool', kind: 'boolean', minimum: 0, maximum: 1, array: Uint8Array },
  UINT8: { bytes: 1, ort: 'uint8', kind: 'integer', minimum: 0, maximum: 255, array: Uint8Array },
  UINT16: { bytes: 2, ort: 'uint16', kind: 'integer', minimum: 0, maximum: 65_535, array: Uint16Array },
  UINT32: { bytes: 4, ort: 'uint32', kind: 'integer', minimum: 0, maximum: 4_294_967_295, array: Uint32Array },
  UINT64: { bytes: 8, ort: 'uint64', kind: 'bigInteger', minimum: 0n, maximum: 2n ** 64n - 1n, array: BigUint64Array },
  INT8: { bytes: 1, ort: 'int8', kind: 'integer', minimum: -128, maximum: 127, array: Int8Array },
  INT16: { bytes: 2, ort: 'int16', kind: 'integer', minimum: -32_768, maximum: 32_767, array: Int16Array },
  INT32: {
    bytes: 4,
    ort: 'int32',
    kind: 'integer',
    minimum: -2_147_483_648,
    maximum: 2_147_483_647,
    array: Int32Array,
  },
  INT64: {
    bytes: 8,
    ort: 'int64',
    kind: 'bigInteger',
    minimum: -(2n ** 63n),
    maximum: 2n ** 63n - 1n,
    array: BigInt64Array,
  },
  FP16: { bytes: 2, ort: 'float16', kind: 'float', minimum: -MAX_FLOAT16, maximum: MAX_FLOAT16, array: Uint16Array },
  FP32: { bytes: 4, ort: 'float32', kind: 'float', minimum: -MAX_FLOAT32, maximum: MAX_FLOAT32, array: Float32Array },
  FP64: {
    bytes: 8,
    ort: 'float64',
    kind: 'float',
    minimum: -Number.MAX_VALUE,
    maximum: Number.MAX_VALUE,
    array: Float64Array,
  },
  BYTES: { bytes: 0, ort: 'string', kind: 'string', minimum: 0, maximum: 0, array: Uint8Array },
};

const datatypeOfOrt: ReadonlyMap<string, Datatype> = new Map(
  DATATYPES.map((datatype) => [datatypeTable[datatype].ort, datatype]),
);

/** The datatype of ONNX Runtime's type name, or undefined where it cannot be served. */
export function datatypeFromOrt(ortType: string): Datatype | undefined {
  return datatypeOfOrt.get(ortType);
}

export function isDatatype(text: unknown): text is Datatype {
  return typeof text === 'string' && Object.hasOwn(datatypeTable, text);
}

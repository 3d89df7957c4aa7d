import onnxProto from 'onnx-proto';
import type { Datatype } from '../../src/common/tensor/datatypes.js';

/**
 * A small typed way to write ONNX graphs: plain functions that return protobuf messages, and `encodeModel`, which turns
 * them into the bytes of a file. Models are opset 17 in IR version 8 with `ai.onnx.ml` 3, which every runtime of the
 * last years reads. What the graph means is not checked here: ONNX Runtime does that when it loads the file.
 */
const { onnx } = onnxProto;
type OnnxNamespace = typeof onnx;
export type OnnxNode = InstanceType<OnnxNamespace['NodeProto']>;
export type OnnxTensor = InstanceType<OnnxNamespace['TensorProto']>;
export type OnnxGraph = InstanceType<OnnxNamespace['GraphProto']>;
export type OnnxValueInfo = InstanceType<OnnxNamespace['ValueInfoProto']>;
export type OnnxFunction = InstanceType<OnnxNamespace['FunctionProto']>;
type OnnxAttribute = InstanceType<OnnxNamespace['AttributeProto']>;

const OPSET_VERSION = 17;
const ML_OPSET_VERSION = 3;
const IR_VERSION = 8;

const dataTypes = onnx.TensorProto.DataType;
const DATA_TYPE_CODES: Readonly<Record<Datatype, number>> = {
  BOOL: dataTypes.BOOL,
  INT8: dataTypes.INT8,
  INT16: dataTypes.INT16,
  INT32: dataTypes.INT32,
  INT64: dataTypes.INT64,
  UINT8: dataTypes.UINT8,
  UINT16: dataTypes.UINT16,
  UINT32: dataTypes.UINT32,
  UINT64: dataTypes.UINT64,
  FP16: dataTypes.FLOAT16,
  FP32: dataTypes.FLOAT,
  FP64: dataTypes.DOUBLE,
  BYTES: dataTypes.STRING,
};

/** How the values of a tensor are given: numbers for all types up to 53 bits, bigints for the 64-bit ones. */
export type ElementValue = number | bigint | boolean | string;

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

/** Values as `raw_data`: little-endian, row-major. FP16 is given as its bits; BYTES has no raw form. */
function rawBytes(datatype: Exclude<Datatype, 'BYTES'>, values: ArrayLike<ElementValue>): Uint8Array {
  if (datatype === 'INT64') return bytesOf(BigInt64Array.from(Array.from(values, (value) => BigInt(value))));
  if (datatype === 'UINT64') return bytesOf(BigUint64Array.from(Array.from(values, (value) => BigInt(value))));
  if (datatype === 'FP32' && values instanceof Float32Array) return bytesOf(values);
  const numbers = Array.from(values, Number);
  switch (datatype) {
    case 'BOOL':
    case 'UINT8':
      return Uint8Array.from(numbers);
    case 'INT8':
      return bytesOf(Int8Array.from(numbers));
    case 'INT16':
      return bytesOf(Int16Array.from(numbers));
    case 'INT32':
      return bytesOf(Int32Array.from(numbers));
    case 'FP16':
    case 'UINT16':
      return bytesOf(Uint16Array.from(numbers));
    case 'UINT32':
      return bytesOf(Uint32Array.from(numbers));
    case 'FP32':
      return bytesOf(Float32Array.from(numbers));
    case 'FP64':
      return bytesOf(Float64Array.from(numbers));
  }
  return datatype satisfies never;
}

/** A constant tensor; as an initializer of a graph, `name` is the value that nodes refer to. */
export function tensor(
  name: string,
  datatype: Datatype,
  dims: readonly number[],
  values: ArrayLike<ElementValue>,
): OnnxTensor {
  const elements = dims.reduce((product, dim) => product * dim, 1);
  if (elements !== values.length) {
    throw new RangeError(
      `Tensor "${name}" of shape [${dims.join(', ')}] needs ${elements} values, not ${values.length}.`,
    );
  }
  const header = { name, dataType: DATA_TYPE_CODES[datatype], dims: [...dims] };
  if (datatype === 'BYTES') {
    const stringData = Array.from(values, (value) => new TextEncoder().encode(String(value)));
    return onnx.TensorProto.create({ ...header, stringData });
  }
  return onnx.TensorProto.create({ ...header, rawData: rawBytes(datatype, values) });
}

/** The declaration of an input, output or body value. A string as dimension is a free one of that name. */
export function valueInfo(name: string, datatype: Datatype, shape: readonly (number | string)[]): OnnxValueInfo {
  const dim = shape.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return onnx.ValueInfoProto.create({
    name,
    type: { tensorType: { elemType: DATA_TYPE_CODES[datatype], shape: { dim } } },
  });
}

const attributeTypes = onnx.AttributeProto.AttributeType;

/** The value of a node's attribute, by kind: ONNX tells integers from floats, so the caller says which is meant. */
export const attribute = {
  int: (value: number) => ({ type: attributeTypes.INT, i: value }),
  ints: (values: readonly number[]) => ({ type: attributeTypes.INTS, ints: [...values] }),
  float: (value: number) => ({ type: attributeTypes.FLOAT, f: value }),
  text: (value: string) => ({ type: attributeTypes.STRING, s: new TextEncoder().encode(value) }),
  tensor: (value: OnnxTensor) => ({ type: attributeTypes.TENSOR, t: value }),
  graph: (value: OnnxGraph) => ({ type: attributeTypes.GRAPH, g: value }),
} as const;

export type AttributeValue = ReturnType<(typeof attribute)[keyof typeof attribute]>;

export interface NodeOptions {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  /** Operator set; the standard one unless given. */
  readonly domain?: string;
}

export function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  { attributes = {}, domain = '' }: NodeOptions = {},
): OnnxNode {
  const attributeList: OnnxAttribute[] = Object.entries(attributes).map(([name, value]) =>
    onnx.AttributeProto.create({ name, ...value }),
  );
  return onnx.NodeProto.create({
    opType: operator,
    input: [...inputs],
    output: [...outputs],
    attribute: attributeList,
    ...(domain === '' ? {} : { domain }),
  });
}

export interface GraphParts {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValueInfo[];
  readonly outputs: readonly OnnxValueInfo[];
  readonly initializers?: readonly OnnxTensor[];
}

export function graph({ name, nodes, inputs, outputs, initializers = [] }: GraphParts): OnnxGraph {
  return onnx.GraphProto.create({
    name,
    node: [...nodes],
    input: [...inputs],
    output: [...outputs],
    initializer: [...initializers],
  });
}

export interface FunctionParts {
  readonly name: string;
  readonly domain: string;
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A function local to the model: an operator of its own domain, written in terms of others. */
export function localFunction({ name, domain, nodes, inputs, outputs }: FunctionParts): OnnxFunction {
  return onnx.FunctionProto.create({
    name,
    domain,
    node: [...nodes],
    input: [...inputs],
    output: [...outputs],
    opsetImport: [{ domain: '', version: OPSET_VERSION }],
  });
}

export interface ModelOptions {
  readonly producer?: string;
  readonly description?: string;
  /** Key-value pairs stored in the file. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Operator sets beside the standard one, domain → version. */
  readonly domains?: Readonly<Record<string, number>>;
  readonly functions?: readonly OnnxFunction[];
}

/** The bytes of a model file. The same parts give the same bytes. */
export function encodeModel(
  main: OnnxGraph,
  { producer = 'nestor', description = '', metadata = {}, domains = {}, functions = [] }: ModelOptions = {},
): Buffer {
  const model = onnx.ModelProto.create({
    irVersion: IR_VERSION,
    opsetImport: [
      { domain: '', version: OPSET_VERSION },
      ...Object.entries(domains).map(([domain, version]) => ({ domain, version })),
    ],
    producerName: producer,
    docString: description,
    graph: main,
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    functions: [...functions],
  });
  return Buffer.from(onnx.ModelProto.encode(model).finish());
}

/** The operator set of classical machine-learning operators, for `domains` and for nodes. */
export const ML_DOMAIN = 'ai.onnx.ml';
export const ML_DOMAINS: Readonly<Record<string, number>> = { [ML_DOMAIN]: ML_OPSET_VERSION };

import { type Datatype, datatypeTable, type DatatypeEntry } from './datatypes.js';
import { float16ToNumber, numberToFloat16 } from './float16.js';
import { decodeStrings, elementArray, elementCount, encodeStrings, invalid, type Tensor } from './tensor.js';

/** One element as JSON: 64-bit integers beyond 2^53 and non-finite floats come as strings. */
export type JsonElement = number | string | boolean;

const nonFinite: Readonly<Record<string, number>> = { NaN, Infinity, '-Infinity': -Infinity };
const decimalInteger = /^-?\d{1,20}$/;
const MAX_NESTING = 32;

/**
 * Makes a tensor of JSON values, row-major: one flat list, or lists nested as the shape says.
 * Floats take numbers and the strings "NaN", "Infinity" and "-Infinity"; 64-bit integers numbers or decimal strings.
 * @throws {CodedError} INVALID_TENSOR naming the tensor and the element.
 */
export function tensorFromJson(name: string, datatype: Datatype, shape: readonly number[], json: unknown): Tensor {
  const count = elementCount(name, shape);
  const elements = flatten(name, shape, json);
  if (elements.length !== count) {
    throw invalid(name, `has ${elements.length} elements; its shape ${JSON.stringify(shape)} takes ${count}`);
  }
  return { name, datatype, shape, data: encodeElements(name, datatype, elements) };
}

/** The elements of a tensor in row-major order, as JSON can carry them. */
export function elementsOf(tensor: Tensor): JsonElement[] {
  const { kind } = datatypeTable[tensor.datatype];
  if (kind === 'string') return decodeStrings(tensor);
  const elements = elementArray(tensor);
  const result: JsonElement[] = [];
  for (const element of elements) {
    if (typeof element === 'bigint') result.push(bigintToJson(element));
    else if (kind === 'boolean') result.push(element !== 0);
    else if (tensor.datatype === 'FP16') result.push(floatToJson(float16ToNumber(element)));
    else result.push(kind === 'float' ? floatToJson(element) : element);
  }
  return result;
}

function bigintToJson(value: bigint): JsonElement {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function floatToJson(value: number): JsonElement {
  return Number.isFinite(value) ? value : String(value);
}

function flatten(name: string, shape: readonly number[], json: unknown): readonly unknown[] {
  if (!Array.isArray(json)) {
    if (shape.length === 0) return [json];
    throw invalid(name, 'has data that is not a list of elements');
  }
  const list: readonly unknown[] = json;
  if (!list.some((item) => Array.isArray(item))) return list;
  if (shape.length > MAX_NESTING) throw invalid(name, `has more than ${MAX_NESTING} dimensions`);
  const flat: unknown[] = [];
  collect(name, shape, 0, list, flat);
  return flat;
}

function collect(name: string, shape: readonly number[], depth: number, json: unknown, into: unknown[]): void {
  if (depth === shape.length) {
    if (Array.isArray(json)) throw invalid(name, `is nested deeper than its shape ${JSON.stringify(shape)}`);
    into.push(json);
    return;
  }
  if (!Array.isArray(json) || json.length !== shape[depth]) {
    throw invalid(name, `is not nested as its shape ${JSON.stringify(shape)} says at depth ${depth + 1}`);
  }
  for (const item of json) collect(name, shape, depth + 1, item, into);
}

function encodeElements(name: string, datatype: Datatype, elements: readonly unknown[]): Uint8Array {
  const entry = datatypeTable[datatype];
  if (entry.kind === 'string') {
    return encodeStrings(
      elements.map((element, index) =>
        typeof element === 'string' ? element : refuse(name, datatype, index, element),
      ),
    );
  }
  const data = new Uint8Array(elements.length * entry.bytes);
  const array = new entry.array(data.buffer, 0, elements.length);
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) {
    for (let index = 0; index < elements.length; index += 1) {
      array[index] = toBigint(elements[index], entry) ?? refuse(name, datatype, index, elements[index]);
    }
  } else {
    const convert = converters[datatype] ?? toInteger;
    for (let index = 0; index < elements.length; index += 1) {
      array[index] = convert(elements[index], entry) ?? refuse(name, datatype, index, elements[index]);
    }
  }
  return data;
}

/** An element as the typed array stores it, or undefined where the datatype cannot hold it. */
type Convert = (element: unknown, entry: DatatypeEntry) => number | undefined;

const converters: Readonly<Partial<Record<Datatype, Convert>>> = {
  BOOL: (element) => (typeof element === 'boolean' ? Number(element) : undefined),
  FP16: (element) => {
    const value = toFloat(element);
    if (value === undefined) return undefined;
    const bits = numberToFloat16(value);
    return overflowed(value, float16ToNumber(bits)) ? undefined : bits;
  },
  FP32: (element) => {
    const value = toFloat(element);
    return value === undefined || overflowed(value, Math.fround(value)) ? undefined : value;
  },
  FP64: (element) => toFloat(element),
};

function toInteger(element: unknown, { minimum, maximum }: DatatypeEntry): number | undefined {
  const fits = typeof element === 'number' && Number.isInteger(element) && element >= minimum && element <= maximum;
  return fits ? element : undefined;
}

function toFloat(element: unknown): number | undefined {
  if (typeof element === 'number') return Number.isFinite(element) ? element : undefined;
  return typeof element === 'string' && Object.hasOwn(nonFinite, element) ? nonFinite[element] : undefined;
}

function overflowed(value: number, rounded: number): boolean {
  return Number.isFinite(value) && !Number.isFinite(rounded);
}

function toBigint(element: unknown, entry: DatatypeEntry): bigint | undefined {
  const isNumber = typeof element === 'number' && Number.isSafeInteger(element);
  const isText = typeof element === 'string' && decimalInteger.test(element);
  if (!isNumber && !isText) return undefined;
  const value = BigInt(element);
  return value >= entry.minimum && value <= entry.maximum ? value : undefined;
}

const expectation: Readonly<Record<DatatypeEntry['kind'], string>> = {
  boolean: 'true or false',
  integer: 'a whole number',
  bigInteger: 'a whole number, beyond 2^53 as a decimal string',
  float: 'a number, or one of the strings "NaN", "Infinity" and "-Infinity"',
  string: 'a string',
};

function refuse(name: string, datatype: Datatype, index: number, element: unknown): never {
  const { kind, minimum, maximum } = datatypeTable[datatype];
  const range = kind === 'boolean' || kind === 'string' ? '' : ` from ${minimum} to ${maximum}`;
  const shown = (JSON.stringify(element) ?? 'nothing').slice(0, 40);
  throw invalid(name, `has ${shown} as element ${index}; ${datatype} takes ${expectation[kind]}${range}`);
}

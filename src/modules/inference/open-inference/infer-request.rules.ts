import { CodedError } from '../../../common/errors/coded-error.js';
import { isJsonObject, type JsonObject } from '../../../common/json/json-object.js';
import { datatypeTable } from '../../../common/tensor/datatypes.js';
import { invalid } from '../../../common/tensor/tensor.js';
import type { TensorSpec } from '../../registry/tensor-spec.js';
import type { GivenTensor } from '../prediction/tensors.rules.js';
import type { BodyParts } from './body-parts.rules.js';
import { refuseUnspoken } from './unspoken.rules.js';

/** An inference as the protocol's clients ask for it; of its tensors nothing is proven yet. */
export interface InferRequest {
  /** Echoed in the answer where it was given. */
  readonly id: string | undefined;
  readonly inputs: readonly GivenTensor[];
  /** Names of the wanted outputs; undefined for all. */
  readonly outputs: readonly string[] | undefined;
  /** Whether an output is to be written as bytes. */
  readonly isBinary: (output: string) => boolean;
  readonly timeoutMs: number | undefined;
  /** 1 is the highest. */
  readonly priority: number | undefined;
  /** Of a deployment: the same key is answered by the same variant. */
  readonly stickyKey: string | undefined;
}

/**
 * Reads a request's JSON and hands the bytes behind it to the inputs that announce them.
 * @throws {CodedError} INVALID_INPUT, INVALID_TENSOR.
 */
export function readInferRequest({ json, binary }: BodyParts): InferRequest {
  if (!isJsonObject(json)) throw new CodedError('INVALID_INPUT', 'Send an object with `inputs`.');
  const { id, inputs, outputs, parameters } = json;
  if (id !== undefined && typeof id !== 'string') throw new CodedError('INVALID_INPUT', 'id: is not a string.');
  const given = parametersOf(parameters, 'parameters');
  const wanted = outputs === undefined ? [] : objectsOf(outputs, 'outputs');
  const allBinary = flag(given, 'binary_data_output', 'parameters');
  const binaryOf = new Map(
    wanted.map((output, index) => {
      const where = `outputs[${index}]`;
      const parameters = tensorParameters(output, where);
      return [nameOf(output, where), flag(parameters, 'binary_data', where) ?? allBinary];
    }),
  );
  if (binaryOf.size < wanted.length) throw new CodedError('INVALID_TENSOR', 'outputs: one is named twice.');
  return {
    id: id === '' ? undefined : id,
    inputs: withBytes(objectsOf(inputs, 'inputs'), binary),
    outputs: wanted.length === 0 ? undefined : [...binaryOf.keys()],
    isBinary: (output) => (binaryOf.has(output) ? binaryOf.get(output) : allBinary) ?? false,
    ...inferParameters(given),
  };
}

/** The parameters of a request that are its own and not its outputs'. @throws {CodedError} INVALID_INPUT. */
export function inferParameters(given: JsonObject): Pick<InferRequest, 'timeoutMs' | 'priority' | 'stickyKey'> {
  refuseUnspoken(given, 'parameters');
  return { timeoutMs: timeoutOf(given), priority: priorityOf(given), stickyKey: stickyKeyOf(given) };
}

/**
 * A request whose whole body is the data of the model's only input. Of the input's dimensions one may vary: the length
 * of the body says how long it is.
 * @throws {CodedError} INVALID_INPUT, INVALID_TENSOR.
 */
export function rawInferRequest(inputs: readonly TensorSpec[], body: Uint8Array): InferRequest {
  const [input] = inputs;
  if (input === undefined || inputs.length > 1) {
    throw new CodedError('INVALID_INPUT', 'A body without JSON is for models with one input; name the inputs in JSON.');
  }
  const given = { ...input, shape: shapeOf(input, body.byteLength), bytes: body };
  return {
    id: undefined,
    inputs: [given],
    outputs: undefined,
    isBinary: () => true,
    timeoutMs: undefined,
    priority: undefined,
    stickyKey: undefined,
  };
}

function shapeOf({ name, datatype, shape }: TensorSpec, bytes: number): number[] {
  const variable = shape.filter((dimension) => dimension === -1).length;
  if (variable > 1) throw invalid(name, `has ${variable} dimensions that vary; send its shape in JSON`);
  const { bytes: ofElement } = datatypeTable[datatype];
  const ofSlice = shape.reduce((product, dimension) => product * (dimension === -1 ? 1 : dimension), ofElement);
  // Strings have no fixed length: the body is one of them.
  const length = ofElement === 0 ? 1 : bytes / ofSlice;
  return shape.map((dimension) => (dimension === -1 ? length : dimension));
}

/** Each input that announces `binary_data_size` takes that many bytes, in the order of the inputs. */
function withBytes(inputs: readonly JsonObject[], binary: Uint8Array): GivenTensor[] {
  let offset = 0;
  const given = inputs.map((input, index) => {
    const parameters = tensorParameters(input, `inputs[${index}]`);
    const size = parameters.binary_data_size;
    const { name, datatype, shape, data } = input;
    if (size === undefined) return { name, datatype, shape, data };
    if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0) {
      throw new CodedError('INVALID_TENSOR', `inputs[${index}]: binary_data_size is not a number of bytes.`);
    }
    if (data !== undefined) {
      throw new CodedError('INVALID_TENSOR', `inputs[${index}]: has both data and binary_data_size; give one of them.`);
    }
    const end = offset + size;
    if (end > binary.byteLength) {
      const message = `inputs[${index}]: announces ${size} bytes; only ${binary.byteLength - offset} are left.`;
      throw new CodedError('INVALID_TENSOR', message);
    }
    const bytes = binary.subarray(offset, end);
    offset = end;
    return { name, datatype, shape, bytes };
  });
  if (offset < binary.byteLength) {
    const message = `${binary.byteLength - offset} bytes behind the JSON belong to no input.`;
    throw new CodedError('INVALID_TENSOR', message);
  }
  return given;
}

/** Triton's parameter: microseconds. 0 stands for the default. */
function timeoutOf({ timeout }: JsonObject): number | undefined {
  if (timeout === undefined || timeout === 0) return undefined;
  if (typeof timeout === 'number' && Number.isSafeInteger(timeout) && timeout > 0) return Math.ceil(timeout / 1_000);
  throw new CodedError('INVALID_INPUT', 'parameters.timeout: is not a whole number of microseconds.');
}

/** Triton's parameter. 0 stands for the default. */
function priorityOf({ priority }: JsonObject): number | undefined {
  if (priority === undefined || priority === 0) return undefined;
  if (typeof priority === 'number' && Number.isSafeInteger(priority) && priority > 0) return priority;
  throw new CodedError('INVALID_INPUT', 'parameters.priority: is not a whole number from 1, the highest.');
}

function stickyKeyOf({ sticky_key: key }: JsonObject): string | undefined {
  if (key === undefined || typeof key === 'string') return key;
  throw new CodedError('INVALID_INPUT', 'parameters.sticky_key: is not a string.');
}

function flag(parameters: JsonObject, name: string, where: string): boolean | undefined {
  const value = parameters[name];
  if (value === undefined || typeof value === 'boolean') return value;
  throw new CodedError('INVALID_INPUT', `${where}: ${name} is neither true nor false.`);
}

function nameOf({ name }: JsonObject, where: string): string {
  if (typeof name === 'string' && name !== '') return name;
  throw new CodedError('INVALID_TENSOR', `${where}: has no name.`);
}

function tensorParameters({ parameters }: JsonObject, where: string): JsonObject {
  const given = parametersOf(parameters, `${where}.parameters`);
  refuseUnspoken(given, `${where}.parameters`);
  return given;
}

function parametersOf(parameters: unknown, where: string): JsonObject {
  if (parameters === undefined) return {};
  if (isJsonObject(parameters)) return parameters;
  throw new CodedError('INVALID_INPUT', `${where}: is not an object.`);
}

function objectsOf(list: unknown, where: string): JsonObject[] {
  if (Array.isArray(list) && list.every(isJsonObject)) return list;
  throw new CodedError('INVALID_INPUT', `${where}: is not a list of objects.`);
}

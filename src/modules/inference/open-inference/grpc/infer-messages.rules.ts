import { CodedError } from '../../../../common/errors/coded-error.js';
import { encodeBytes, invalid } from '../../../../common/tensor/tensor.js';
import type { GivenTensor } from '../../prediction/tensors.rules.js';
import type { InferAnswerFacts } from '../infer-answer.rules.js';
import { type InferRequest, inferParameters } from '../infer-request.rules.js';
import { refuseUnspoken } from '../unspoken.rules.js';
import type { ContentsMessage, InferRequestMessage, InputMessage, Int64, ParameterMessages } from './grpc-messages.js';

/**
 * Reads a request. Its elements are either all raw, or each in the field of its datatype.
 * @throws {CodedError} INVALID_TENSOR, INVALID_INPUT.
 */
export function readInferMessage(message: InferRequestMessage): InferRequest {
  const { id, inputs, outputs, raw_input_contents: raw } = message;
  if (raw.length > 0 && raw.length !== inputs.length) {
    throw new CodedError('INVALID_TENSOR', `raw_input_contents: has ${raw.length} parts for ${inputs.length} inputs.`);
  }
  for (const [index, output] of outputs.entries()) {
    refuseUnspoken(valuesOf(output.parameters), `outputs[${index}].parameters`);
  }
  return {
    id: id === '' ? undefined : id,
    inputs: inputs.map((input, index) => readInput(input, raw[index])),
    outputs: outputs.length === 0 ? undefined : outputs.map(({ name }) => name),
    isBinary: () => true,
    ...inferParameters(valuesOf(message.parameters)),
  };
}

function readInput(
  { name, datatype, shape, parameters, contents }: InputMessage,
  raw: Uint8Array | undefined,
): GivenTensor {
  refuseUnspoken(valuesOf(parameters), `inputs ${JSON.stringify(name.slice(0, 60))} parameters`);
  if (raw !== undefined && contents !== null) {
    throw invalid(name.slice(0, 60), 'has both contents and raw contents; give one of them');
  }
  const given = { name, datatype, shape: shape.map(Number) };
  if (raw !== undefined) return { ...given, bytes: raw };
  return contents === null ? given : { ...given, ...elementsOf(datatype, contents) };
}

/** Floats as bytes, since JSON knows no NaN, and 64-bit integers as text, since numbers cannot hold them. */
function elementsOf(datatype: string, contents: ContentsMessage): Pick<GivenTensor, 'data' | 'bytes'> {
  switch (datatype) {
    case 'BOOL':
      return { data: contents.bool_contents };
    case 'INT64':
      return { data: contents.int64_contents.map(String) };
    case 'UINT64':
      return { data: contents.uint64_contents.map(String) };
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
      return { data: contents.uint_contents };
    case 'FP32':
      return { bytes: bytesOf(Float32Array.from(contents.fp32_contents)) };
    case 'FP64':
      return { bytes: bytesOf(Float64Array.from(contents.fp64_contents)) };
    case 'BYTES':
      return { bytes: encodeBytes(contents.bytes_contents) };
    default:
      return { data: contents.int_contents };
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Float64Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function valuesOf(parameters: ParameterMessages): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, parameter]) => {
      const { parameter_choice: choice } = parameter;
      const value = choice === undefined ? undefined : parameter[choice];
      return [name, typeof value === 'object' ? Number(value) : value];
    }),
  );
}

function parameterOf(value: string | number | boolean): object {
  if (typeof value === 'boolean') return { bool_param: value };
  return typeof value === 'number' ? { double_param: value } : { string_param: value };
}

/** Writes an answer, its elements raw: the one form that every datatype has. */
export function writeInferMessage({ model, version, id, outputs, parameters }: InferAnswerFacts): object {
  return {
    model_name: model,
    model_version: String(version),
    id: id ?? '',
    parameters: Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, parameterOf(value)])),
    outputs: outputs.map(({ name, datatype, shape }) => ({ name, datatype, shape: shape as readonly Int64[] })),
    raw_output_contents: outputs.map(({ data }) => data),
  };
}

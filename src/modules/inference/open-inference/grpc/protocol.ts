import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf, { type INamespace, type Type } from 'protobufjs';
import { list, text } from './message-fields.js';
import { repositoryMessages } from './repository-messages.js';

const parameters = (id: number) => ({ keyType: 'string', type: 'InferParameter', id });
const modelName = { fields: { name: text(1), version: text(2) } };
const tensor = {
  name: text(1),
  datatype: text(2),
  shape: list('int64', 3),
  parameters: parameters(4),
  contents: { type: 'InferTensorContents', id: 5 },
};

/** The numbers of Triton's datatypes (`protobuf/model_config.proto`). */
export const configurationDataTypes = {
  TYPE_INVALID: 0,
  TYPE_BOOL: 1,
  TYPE_UINT8: 2,
  TYPE_UINT16: 3,
  TYPE_UINT32: 4,
  TYPE_UINT64: 5,
  TYPE_INT8: 6,
  TYPE_INT16: 7,
  TYPE_INT32: 8,
  TYPE_INT64: 9,
  TYPE_FP16: 10,
  TYPE_FP32: 11,
  TYPE_FP64: 12,
  TYPE_STRING: 13,
} as const;

const count = (id: number) => ({ type: 'uint64', id });
const duration = (id: number) => ({ type: 'StatisticDuration', id });
const dataType = { type: 'DataType', id: 2 };

/** The messages of kserve/open-inference-protocol, `specification/protocol/open_inference_grpc.proto`, and its extensions. */
const messages: INamespace = {
  nested: {
    ...repositoryMessages,
    ServerLiveRequest: { fields: {} },
    ServerLiveResponse: { fields: { live: { type: 'bool', id: 1 } } },
    ServerReadyRequest: { fields: {} },
    ServerReadyResponse: { fields: { ready: { type: 'bool', id: 1 } } },
    ModelReadyRequest: modelName,
    ModelReadyResponse: { fields: { ready: { type: 'bool', id: 1 } } },
    ServerMetadataRequest: { fields: {} },
    ServerMetadataResponse: { fields: { name: text(1), version: text(2), extensions: list('string', 3) } },
    ModelMetadataRequest: modelName,
    ModelMetadataResponse: {
      fields: {
        name: text(1),
        versions: list('string', 2),
        platform: text(3),
        inputs: list('TensorMetadata', 4),
        outputs: list('TensorMetadata', 5),
      },
      nested: { TensorMetadata: { fields: { name: text(1), datatype: text(2), shape: list('int64', 3) } } },
    },
    ModelInferRequest: {
      fields: {
        model_name: text(1),
        model_version: text(2),
        id: text(3),
        parameters: parameters(4),
        inputs: list('InferInputTensor', 5),
        outputs: list('InferRequestedOutputTensor', 6),
        raw_input_contents: list('bytes', 7),
      },
      nested: {
        InferInputTensor: { fields: tensor },
        InferRequestedOutputTensor: { fields: { name: text(1), parameters: parameters(2) } },
      },
    },
    ModelInferResponse: {
      fields: {
        model_name: text(1),
        model_version: text(2),
        id: text(3),
        parameters: parameters(4),
        outputs: list('InferOutputTensor', 5),
        raw_output_contents: list('bytes', 6),
      },
      nested: { InferOutputTensor: { fields: tensor } },
    },
    // Triton's extensions for statistics and configuration (`protobuf/grpc_service.proto`): the fields that there are.
    ModelStatisticsRequest: modelName,
    ModelStatisticsResponse: { fields: { model_stats: list('ModelStatistics', 1) } },
    ModelStatistics: {
      fields: {
        name: text(1),
        version: text(2),
        last_inference: count(3),
        inference_count: count(4),
        execution_count: count(5),
        inference_stats: { type: 'InferStatistics', id: 6 },
      },
    },
    InferStatistics: {
      fields: {
        success: duration(1),
        fail: duration(2),
        queue: duration(3),
        compute_input: duration(4),
        compute_infer: duration(5),
        compute_output: duration(6),
        cache_hit: duration(7),
        cache_miss: duration(8),
      },
    },
    StatisticDuration: { fields: { count: count(1), ns: count(2) } },
    ModelConfigRequest: modelName,
    ModelConfigResponse: { fields: { config: { type: 'ModelConfig', id: 1 } } },
    ModelConfig: {
      fields: {
        name: text(1),
        platform: text(2),
        max_batch_size: { type: 'int32', id: 4 },
        input: list('ModelInput', 5),
        output: list('ModelOutput', 6),
        dynamic_batching: { type: 'ModelDynamicBatching', id: 11 },
        backend: text(17),
      },
    },
    ModelInput: { fields: { name: text(1), data_type: dataType, dims: list('int64', 4) } },
    ModelOutput: { fields: { name: text(1), data_type: dataType, dims: list('int64', 3) } },
    ModelDynamicBatching: { fields: {} },
    DataType: { values: configurationDataTypes },
    InferParameter: {
      oneofs: {
        parameter_choice: { oneof: ['bool_param', 'int64_param', 'string_param', 'double_param', 'uint64_param'] },
      },
      fields: {
        bool_param: { type: 'bool', id: 1 },
        int64_param: { type: 'int64', id: 2 },
        string_param: text(3),
        double_param: { type: 'double', id: 4 },
        uint64_param: { type: 'uint64', id: 5 },
      },
    },
    InferTensorContents: {
      fields: {
        bool_contents: list('bool', 1),
        int_contents: list('int32', 2),
        int64_contents: list('int64', 3),
        uint_contents: list('uint32', 4),
        uint64_contents: list('uint64', 5),
        fp32_contents: list('float', 6),
        fp64_contents: list('double', 7),
        bytes_contents: list('bytes', 8),
      },
    },
  },
};

const root = protobuf.Root.fromJSON({ nested: { inference: messages } });
root.resolveAll();

/** The calls of the service, each with a request and a response of its name. */
export const methodNames = [
  'ServerLive',
  'ServerReady',
  'ServerMetadata',
  'ModelReady',
  'ModelMetadata',
  'ModelInfer',
  'ModelConfig',
  'ModelStatistics',
  'RepositoryIndex',
  'RepositoryModelLoad',
  'RepositoryModelUnload',
] as const;

export type MethodName = (typeof methodNames)[number];

function methodOf(name: MethodName): MethodDefinition<object, object> {
  const request = root.lookupType(`inference.${name}Request`);
  const response = root.lookupType(`inference.${name}Response`);
  return {
    path: `/inference.GRPCInferenceService/${name}`,
    originalName: name,
    requestStream: false,
    responseStream: false,
    requestSerialize: encoderOf(request),
    requestDeserialize: (bytes) => decoded(request, bytes),
    responseSerialize: encoderOf(response),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
}

/** Stands in for a request that could not be read: what is thrown while reading would be told as a fault of ours. */
export class MalformedMessage {}

function decoded(type: Type, bytes: Buffer): object {
  try {
    return type.decode(bytes);
  } catch {
    return new MalformedMessage();
  }
}

function encoderOf(type: Type): (message: object) => Buffer {
  return (message) => {
    const bytes = type.encode(message).finish();
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  };
}

/** The service as grpc-js serves it, and calls it. */
export const openInferenceService: ServiceDefinition = Object.fromEntries(
  methodNames.map((name) => [name, methodOf(name)]),
);

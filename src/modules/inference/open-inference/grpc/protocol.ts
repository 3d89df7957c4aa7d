import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';
import protobuf, { type INamespace, type Type } from 'protobufjs';

const text = (id: number) => ({ type: 'string', id });
const list = (type: string, id: number) => ({ type, id, rule: 'repeated' });
const parameters = (id: number) => ({ keyType: 'string', type: 'InferParameter', id });
const modelName = { fields: { name: text(1), version: text(2) } };
const tensor = {
  name: text(1),
  datatype: text(2),
  shape: list('int64', 3),
  parameters: parameters(4),
  contents: { type: 'InferTensorContents', id: 5 },
};

/** The messages of kserve/open-inference-protocol, `specification/protocol/open_inference_grpc.proto`. */
const messages: INamespace = {
  nested: {
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
    requestDeserialize: (bytes) => request.decode(bytes),
    responseSerialize: encoderOf(response),
    responseDeserialize: (bytes) => response.decode(bytes),
  };
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

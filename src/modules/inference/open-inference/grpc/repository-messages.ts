import type { AnyNestedObject } from 'protobufjs';
import { list, text } from './message-fields.js';

const ofModel = {
  fields: {
    repository_name: text(1),
    model_name: text(2),
    parameters: { keyType: 'string', type: 'ModelRepositoryParameter', id: 3 },
  },
};

/** The messages of Triton's model repository extension, as `grpc_service.proto` of triton-inference-server/common has them. */
export const repositoryMessages: Readonly<Record<string, AnyNestedObject>> = {
  RepositoryIndexRequest: { fields: { repository_name: text(1), ready: { type: 'bool', id: 2 } } },
  RepositoryIndexResponse: {
    fields: { models: list('ModelIndex', 1) },
    nested: { ModelIndex: { fields: { name: text(1), version: text(2), state: text(3), reason: text(4) } } },
  },
  ModelRepositoryParameter: {
    oneofs: { parameter_choice: { oneof: ['bool_param', 'int64_param', 'string_param', 'bytes_param'] } },
    fields: {
      bool_param: { type: 'bool', id: 1 },
      int64_param: { type: 'int64', id: 2 },
      string_param: text(3),
      bytes_param: { type: 'bytes', id: 4 },
    },
  },
  RepositoryModelLoadRequest: ofModel,
  RepositoryModelLoadResponse: { fields: {} },
  RepositoryModelUnloadRequest: ofModel,
  RepositoryModelUnloadResponse: { fields: {} },
};

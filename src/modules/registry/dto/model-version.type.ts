import { Field, Float, ID, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { TensorDatatype } from '../../../common/graphql/tensor-datatype.enum.js';
import type { Datatype } from '../../../common/tensor/datatypes.js';
import type { ModelVersionEntity } from '../entities/model-version.entity.js';
import type { ModelStage as Stage } from '../model-stage.js';
import { tagList } from '../tags.rules.js';
import { ModelStage } from './registry.enums.js';
import { TagType } from './tag.dto.js';

@ObjectType('TensorSpec', { description: 'One input or output of a model.' })
export class TensorSpecType {
  @Field(() => String, { description: 'Name of the input or output.' })
  name!: string;

  @Field(() => TensorDatatype, { description: 'Type of the elements.' })
  datatype!: Datatype;

  @Field(() => [Int], { description: 'Size of each dimension; −1 where it varies.' })
  shape!: readonly number[];
}

@ObjectType('ModelSignature', { description: 'What goes into a model and what comes out, derived from its file.' })
export class ModelSignatureType {
  @Field(() => [TensorSpecType], { description: 'What the model must be fed.' })
  inputs!: readonly TensorSpecType[];

  @Field(() => [TensorSpecType], { description: 'What the model answers.' })
  outputs!: readonly TensorSpecType[];
}

@ObjectType('OperatorSet', { description: 'A set of operators that a model uses.' })
export class OperatorSetType {
  @Field(() => String, { description: 'Domain of the operators; empty for the standard ones.' })
  domain!: string;

  @Field(() => Int, { description: 'Version of the set.' })
  version!: number;
}

@ObjectType('OnnxDetails', { description: 'What an ONNX file says of itself.' })
export class OnnxDetailsType {
  @Field(() => Int, { description: 'Version of the ONNX file format.' })
  irVersion!: number;

  @Field(() => [OperatorSetType], { description: 'Operator sets that the model uses.' })
  operatorSets!: readonly OperatorSetType[];

  @Field(() => String, { description: 'Tool that wrote the file; empty when it does not say.' })
  producerName!: string;

  @Field(() => String, { description: 'Version of that tool.' })
  producerVersion!: string;

  @Field(() => Int, { description: 'Number of operators in the graph, subgraphs included.' })
  nodeCount!: number;

  @Field(() => Float, { description: 'Number of trained values.' })
  parameterCount!: number;
}

/** `model` and `aliases` are resolved on their own, for all versions of an answer at once. */
@ObjectType('ModelVersion', { description: 'One immutable version of a registered model.' })
export class ModelVersionType {
  readonly modelId: string;

  @Field(() => ID, { description: 'Id of the version.' })
  readonly id: string;

  @Field(() => Int, { description: 'Number of the version: 1, 2, 3… in each model.' })
  readonly version: number;

  @Field(() => String, { description: 'SHA-256 of the model file, as `sha256:` and 64 hexadecimal digits.' })
  readonly digest: string;

  @Field(() => Float, { description: 'Size of the model file in bytes.' })
  readonly sizeBytes: number;

  @Field(() => ModelStage, { description: 'Where the version stands in its life.' })
  readonly stage: Stage;

  @Field(() => String, { description: 'What the version is, in words.' })
  readonly description: string;

  @Field(() => [TagType], { description: 'Labels, ordered by key.' })
  readonly tags: readonly TagType[];

  @Field(() => ModelSignatureType, { description: 'What goes in and what comes out.' })
  readonly signature: ModelSignatureType;

  @Field(() => Boolean, { description: 'Whether rows of several callers may be run together.' })
  readonly batchable: boolean;

  @Field(() => GraphQLJSONObject, {
    description: 'Input columns, output labels and hints on processing, as they were given; empty when there are none.',
  })
  readonly metadata: object;

  @Field(() => OnnxDetailsType, { description: 'What the ONNX file says of itself.' })
  readonly onnx: OnnxDetailsType;

  @Field(() => ID, { description: 'Id of the user or API key that made the version.' })
  readonly createdBy: string;

  @Field(() => Date, { description: 'When the version was made.' })
  readonly createdAt: Date;

  @Field(() => Date, { description: 'When its stage changed last.' })
  readonly updatedAt: Date;

  constructor(version: ModelVersionEntity) {
    this.modelId = version.modelId;
    this.id = version.id;
    this.version = version.version;
    this.digest = version.digest;
    this.sizeBytes = version.sizeBytes;
    this.stage = version.stage;
    this.description = version.description;
    this.tags = tagList(version.tags);
    this.signature = version.signature;
    this.batchable = version.batchable;
    this.metadata = version.metadata;
    this.onnx = version.onnx;
    this.createdBy = version.createdBy;
    this.createdAt = version.createdAt;
    this.updatedAt = version.updatedAt;
  }
}

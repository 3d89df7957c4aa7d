import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { GraphQLJSON, GraphQLJSONObject } from 'graphql-scalars';
import { CheckedByHand } from '../../../../common/graphql/input-validation.pipe.js';
import { TensorDatatype } from '../../../../common/graphql/tensor-datatype.enum.js';
import type { Datatype } from '../../../../common/tensor/datatypes.js';
import type { PredictionRequest, TensorEncoding } from '../request.rules.js';
import { TensorEncodingEnum } from './tensor.type.js';

@CheckedByHand()
@InputType({ description: 'An input tensor. Give its elements as `data` or as `base64`.' })
export class TensorInput {
  @Field(() => String, { description: "Name of the model's input." })
  name!: string;

  @Field(() => TensorDatatype, { description: 'Type of the elements; it must be what the model expects.' })
  datatype!: Datatype;

  @Field(() => [Int], { description: 'Length of each dimension.' })
  shape!: readonly number[];

  @Field(() => GraphQLJSON, {
    nullable: true,
    description: 'The elements in row-major order: one flat list, or lists nested as the shape.',
  })
  data?: unknown;

  @Field(() => String, { nullable: true, description: 'The elements as base64 of their bytes, little-endian.' })
  base64?: string | null;
}

/** What `predict` and `submitInference` have in common. */
@CheckedByHand()
@InputType({ isAbstract: true })
export class InferenceInput implements PredictionRequest {
  @Field(() => String, { nullable: true, description: 'Name of the registered model. Give this or `deployment`.' })
  model?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Name of a deployment, which chooses the model version. Give this or `model`.',
  })
  deployment?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      'Of a deployment: requests with the same key, such as the id of a user, are answered by the same variant as long ' +
      'as weights stay the same. Default: each by chance.',
  })
  stickyKey?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Version. Default: that of the alias, else the one in production, else the newest that is ready.',
  })
  version?: number | null;

  @Field(() => String, { nullable: true, description: 'Alias of a version; not together with `version`.' })
  alias?: string | null;

  @Field(() => [TensorInput], { nullable: true, description: 'All inputs of the model. Give these or `records`.' })
  inputs?: readonly TensorInput[] | null;

  @Field(() => [GraphQLJSONObject], {
    nullable: true,
    description: "Records whose fields are the model's input columns. Give these or `inputs`.",
  })
  records?: readonly Readonly<Record<string, unknown>>[] | null;

  @Field(() => [String], { nullable: true, description: 'Names of the outputs that are wanted. Default: all.' })
  outputs?: readonly string[] | null;

  @Field(() => TensorEncodingEnum, {
    nullable: true,
    description: 'How output tensors are written. Default: JSON, and base64 for those too large for it.',
  })
  encoding?: TensorEncoding | null;

  @Field(() => Int, { nullable: true, description: 'Time allowed for one run, in milliseconds.' })
  timeoutMs?: number | null;

  @Field(() => ID, { nullable: true, description: "The caller's own id of the request; the answer repeats it." })
  requestId?: string | null;
}

@CheckedByHand()
@InputType({ description: 'What to predict, with which model.' })
export class PredictInput extends InferenceInput {
  @Field(() => Int, {
    nullable: true,
    description:
      "Priority among the requests of the model: 1 is the highest, a number beyond the model's levels is the lowest. " +
      "Default: as the model's serving policy says.",
  })
  priority?: number | null;

  @Field(() => [GraphQLJSONObject], {
    nullable: true,
    description:
      'Instead of `inputs` and `records`, where the model version is bound to a feature service: for each entity its join ' +
      'keys and, where on-demand features are used, fields of the request. Its features become the inputs.',
  })
  entities?: readonly Readonly<Record<string, unknown>>[] | null;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'With `entities`: fields of the request that hold for every entity that does not have them itself.',
  })
  request?: Readonly<Record<string, unknown>> | null;
}

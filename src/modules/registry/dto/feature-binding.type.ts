import { Field, ID, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import type { DefaultValue, MissingFeaturePolicy as MissingFeatures } from '../serving/feature-binding.js';
import type { KeptBinding } from '../serving/feature-bindings.service.js';
import { MissingFeaturePolicy } from './registry.enums.js';

@ObjectType('BoundInput', { description: 'An input of a model and the features that fill it.' })
export class BoundInputType {
  @Field(() => String, { description: 'Name of the input.' })
  tensor!: string;

  @Field(() => [String], { description: 'Features as the service calls them: one for each column, in order.' })
  features!: readonly string[];
}

/** `modelVersion` and `featureService` are resolved on their own, for all bindings of an answer at once. */
@ObjectType('FeatureBinding', { description: 'Where a model version gets its inputs from when it is asked by entity.' })
export class FeatureBindingType {
  readonly versionId: string;

  readonly serviceVersionId: string;

  @Field(() => String, { description: 'Name of the feature service.' })
  readonly service: string;

  @Field(() => Int, { description: 'Version of the feature service.' })
  readonly serviceVersion: number;

  @Field(() => [BoundInputType], { description: "What fills each input, in the signature's order." })
  readonly inputs: readonly BoundInputType[];

  @Field(() => MissingFeaturePolicy, { description: 'What becomes of a prediction where a feature is missing.' })
  readonly missing: MissingFeatures;

  @Field(() => GraphQLJSONObject, { description: 'What is taken in place of missing features, by feature.' })
  readonly defaults: Readonly<Record<string, DefaultValue>>;

  @Field(() => ID, { description: 'Id of the user or API key that bound it.' })
  readonly boundBy: string;

  @Field(() => Date, { description: 'When it was bound.' })
  readonly boundAt: Date;

  constructor(binding: KeptBinding) {
    this.versionId = binding.versionId;
    this.serviceVersionId = binding.serviceVersionId;
    this.service = binding.service;
    this.serviceVersion = binding.serviceVersion;
    this.inputs = binding.tensors.map(({ tensor, features }) => ({ tensor, features }));
    this.missing = binding.missing;
    this.defaults = binding.defaults;
    this.boundBy = binding.boundBy;
    this.boundAt = binding.boundAt;
  }
}

import { ArgsType, Field, InputType, Int } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsIn,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { GraphQLJSONObject } from 'graphql-scalars';
import { MissingFeaturePolicy } from '../../../registry/dto/registry.enums.js';
import { MODEL_NAME, MODEL_NAME_RULE } from '../../../registry/names.rules.js';
import {
  missingFeaturePolicies,
  type MissingFeaturePolicy as MissingFeatures,
} from '../../../registry/serving/feature-binding.js';
import type { NewBinding } from '../feature-binding.service.js';

const MAX_VERSION = 2 ** 31 - 1;
const MAX_INPUTS = 1_000;
const MAX_FEATURES = 10_000;
const MAX_BINDINGS = 50;

@InputType({ isAbstract: true })
class BoundVersionInput {
  @Field(() => String, { description: 'Name of the registered model.' })
  @Matches(MODEL_NAME, { message: `model ${MODEL_NAME_RULE}` })
  model!: string;

  @Field(() => Int, { description: 'Number of the version.' })
  @IsInt()
  @Min(1)
  @Max(MAX_VERSION)
  version!: number;
}

@InputType({ description: 'An input of a model and the features that fill it.' })
export class BoundInputInput {
  @Field(() => String, { description: 'Name of the input.' })
  @IsString()
  tensor!: string;

  @Field(() => [String], { description: 'Features as the service calls them: one for each column, in order.' })
  @IsString({ each: true })
  @ArrayMaxSize(MAX_FEATURES)
  features!: string[];
}

@InputType({ description: 'A model version and the feature service that fills its inputs.' })
export class BindFeatureServiceInput extends BoundVersionInput {
  @Field(() => String, { description: 'Name of the feature service.' })
  @IsString()
  service!: string;

  @Field(() => Int, { nullable: true, description: 'Version of the service. Default: the newest of now.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_VERSION)
  serviceVersion?: number | null;

  @Field(() => [BoundInputInput], {
    nullable: true,
    description:
      "What fills each input. Default: of a model with one input the service's features in order, or by name where the " +
      'model names its input columns; else for each input the feature of its name.',
  })
  @IsOptional()
  @ArrayMaxSize(MAX_INPUTS)
  @ValidateNested({ each: true })
  @Type(() => BoundInputInput)
  inputs?: BoundInputInput[] | null;

  @Field(() => MissingFeaturePolicy, {
    defaultValue: 'ERROR',
    description: 'What becomes of a prediction where a feature is missing.',
  })
  @IsIn(missingFeaturePolicies)
  missing!: MissingFeatures;

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description:
      'With DEFAULT: what is taken in place of missing features, by feature. Whole numbers beyond 2^53 are texts.',
  })
  @IsOptional()
  @IsObject()
  defaults?: Readonly<Record<string, unknown>> | null;
}

@InputType({ description: 'A model version that is bound.' })
export class UnbindFeatureServiceInput extends BoundVersionInput {}

@ArgsType()
export class BindingsArgs {
  @Field(() => Int, { defaultValue: 20, description: `How many to return at most, up to ${MAX_BINDINGS}.` })
  @IsInt()
  @Min(1)
  @Max(MAX_BINDINGS)
  first!: number;
}

export const bindingOf = ({ inputs, ...input }: BindFeatureServiceInput): NewBinding => ({
  ...input,
  tensors: inputs ?? null,
});

import { Field, Float, InputType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsIn,
  IsNumber,
  IsOptional,
  Length,
  Matches,
  MaxLength,
  ValidateNested,
} from 'class-validator';
import { type Activation as ActivationName, activations, type ModelMetadata } from '../model-metadata.js';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../names.rules.js';
import { Activation } from './registry.enums.js';

/** Most columns or labels: enough for a wide table or a large vocabulary of classes. */
const MAX_NAMES = 10_000;

@InputType({ description: 'Which outputs of the model hold what.' })
export class ModelOutputsInput {
  @Field(() => String, { nullable: true, description: 'Output that holds the label, or its index, of each row.' })
  @IsOptional()
  @Length(1, 1_024)
  label?: string | null;

  @Field(() => String, { nullable: true, description: 'Output that holds the score of each class in each row.' })
  @IsOptional()
  @Length(1, 1_024)
  probabilities?: string | null;
}

@InputType({ description: 'How values of records become the model input: value × scale + offset.' })
export class PreprocessingInput {
  @Field(() => [Float], { nullable: true, description: 'One factor for all columns, or one for each. Default 1.' })
  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_NAMES)
  @IsNumber({}, { each: true })
  scale?: number[] | null;

  @Field(() => [Float], { nullable: true, description: 'One summand for all columns, or one for each. Default 0.' })
  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_NAMES)
  @IsNumber({}, { each: true })
  offset?: number[] | null;

  @Field(() => String, { nullable: true, description: 'What was done to the data, in words.' })
  @IsOptional()
  @MaxLength(10_000)
  @Matches(STORABLE_TEXT, { message: `description ${STORABLE_TEXT_RULE}` })
  description?: string | null;
}

@InputType({ description: 'How the outputs of the model become an answer.' })
export class PostprocessingInput {
  @Field(() => Activation, { nullable: true, description: 'What turns the scores into probabilities. Default NONE.' })
  @IsOptional()
  @IsIn(activations)
  activation?: ActivationName | null;

  @Field(() => String, { nullable: true, description: 'What the answers mean, in words.' })
  @IsOptional()
  @MaxLength(10_000)
  @Matches(STORABLE_TEXT, { message: `description ${STORABLE_TEXT_RULE}` })
  description?: string | null;
}

@InputType({ description: 'What the file does not tell of a model; it is held against the signature.' })
export class ModelMetadataInput {
  @Field(() => [String], {
    nullable: true,
    description: 'Names of the values in a row of the one input, in order, so that `predict` takes records.',
  })
  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_NAMES)
  @Length(1, 256, { each: true })
  @Matches(STORABLE_TEXT, { each: true, message: `each of the inputColumns ${STORABLE_TEXT_RULE}` })
  inputColumns?: string[] | null;

  @Field(() => [String], { nullable: true, description: 'Names of the classes, by index.' })
  @IsOptional()
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_NAMES)
  @Length(1, 256, { each: true })
  @Matches(STORABLE_TEXT, { each: true, message: `each of the outputLabels ${STORABLE_TEXT_RULE}` })
  outputLabels?: string[] | null;

  @Field(() => ModelOutputsInput, { nullable: true, description: 'Which outputs hold what.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => ModelOutputsInput)
  outputs?: ModelOutputsInput | null;

  @Field(() => PreprocessingInput, { nullable: true, description: 'How values of records become the model input.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => PreprocessingInput)
  preprocessing?: PreprocessingInput | null;

  @Field(() => PostprocessingInput, { nullable: true, description: 'How the outputs become an answer.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => PostprocessingInput)
  postprocessing?: PostprocessingInput | null;
}

/** Nulls mean the same as nothing and are not kept; a list of one factor is the factor of all columns. */
export function metadataOf(input: ModelMetadataInput | null | undefined): ModelMetadata {
  const { inputColumns, outputLabels, outputs, preprocessing, postprocessing } = input ?? {};
  return {
    ...given({ inputColumns, outputLabels }),
    ...(outputs && { outputs: given({ label: outputs.label, probabilities: outputs.probabilities }) }),
    ...(preprocessing && {
      preprocessing: given({
        scale: factorOf(preprocessing.scale),
        offset: factorOf(preprocessing.offset),
        description: preprocessing.description,
      }),
    }),
    ...(postprocessing && {
      postprocessing: given({ activation: postprocessing.activation, description: postprocessing.description }),
    }),
  };
}

const factorOf = (factors: readonly number[] | null | undefined) => (factors?.length === 1 ? factors[0] : factors);

type Given<Fields> = { [Name in keyof Fields]?: NonNullable<Fields[Name]> };

function given<Fields extends object>(fields: Fields): Given<Fields> {
  const kept = Object.entries(fields).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(kept) as Given<Fields>;
}

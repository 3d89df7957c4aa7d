import { Field, Float, InputType, Int } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  Length,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';
import { GraphQLJSONObject } from 'graphql-scalars';
import { DeviceKind, WarmUpKind } from '../../../registry/dto/registry.enums.js';
import { MODEL_NAME, MODEL_NAME_RULE, STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../../registry/names.rules.js';
import {
  type DeviceKind as Device,
  deviceKinds,
  type WarmUpKind as WarmUp,
  warmUpKinds,
} from '../../../registry/serving/serving-policy.js';
import { TensorInput } from '../../prediction/dto/predict.input.js';

const MAX_ROWS = 1_000_000;
const MAX_DELAY_MS = 10_000;
const MAX_INSTANCES = 1_000;
const MAX_LEVELS = 100;
const MAX_QUEUE = 100_000;
const DAY_MS = 86_400_000;
const MAX_SAMPLES = 16;

@InputType({ description: 'How many executors run a version.' })
export class InstancePolicyInput {
  @Field(() => Int, { nullable: true, description: 'So many keep it loaded while its residency is LOADED. Default 1.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_INSTANCES)
  min?: number | null;

  @Field(() => Int, { nullable: true, description: 'No more than these run it. Default: all may.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_INSTANCES)
  max?: number | null;
}

@InputType({ description: 'Priorities of the requests of a version. Higher ones are run first, equal ones in turn.' })
export class PriorityPolicyInput {
  @Field(() => Int, { description: 'Number of levels; 1 is the highest.' })
  @IsInt()
  @Min(1)
  @Max(MAX_LEVELS)
  levels!: number;

  @Field(() => Int, { nullable: true, description: 'Level of requests that name none. Default: the middle one.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_LEVELS)
  default?: number | null;
}

@InputType({ description: 'Time allowed for requests of a version.' })
export class DeadlinePolicyInput {
  @Field(() => Int, { nullable: true, description: 'Of requests that name none, in milliseconds.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(DAY_MS)
  defaultMs?: number | null;

  @Field(() => Int, { nullable: true, description: 'Longer ones are shortened to it, in milliseconds.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(DAY_MS)
  maxMs?: number | null;
}

@InputType({ description: 'The device that a version is to run on.' })
export class DevicePolicyInput {
  @Field(() => DeviceKind, { description: 'The device.' })
  @IsIn(deviceKinds)
  kind!: Device;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether it is refused rather than run on another one, where no executor has the device. Default: no.',
  })
  @IsOptional()
  @IsBoolean()
  required?: boolean | null;
}

@InputType({ description: 'Answers that each api process remembers.' })
export class ResponseCachePolicyInput {
  @Field(() => Float, { description: 'Bytes that they may take; the least recently used one leaves first.' })
  @IsInt()
  @Min(1)
  maxBytes!: number;

  @Field(() => Int, { description: 'How long an answer is remembered, in milliseconds.' })
  @IsInt()
  @Min(1)
  @Max(DAY_MS)
  ttlMs!: number;
}

@InputType({ description: 'What a version is run on before it counts as loaded.' })
export class WarmUpSampleInput {
  @Field(() => String, { description: 'Name of the sample, for error messages.' })
  @Length(1, 128)
  @Matches(STORABLE_TEXT, { message: `name ${STORABLE_TEXT_RULE}` })
  name!: string;

  @Field(() => WarmUpKind, { description: 'What it consists of.' })
  @IsIn(warmUpKinds)
  kind!: WarmUp;

  @Field(() => Int, { nullable: true, description: 'Rows of ZEROS and RANDOM. Default 1.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_ROWS)
  rows?: number | null;

  @Field(() => [TensorInput], { nullable: true, description: 'Inputs of DATA. Give these or `records`.' })
  inputs?: readonly TensorInput[] | null;

  @Field(() => [GraphQLJSONObject], { nullable: true, description: 'Records of DATA. Give these or `inputs`.' })
  records?: readonly Readonly<Record<string, unknown>>[] | null;
}

@InputType({
  description:
    'How a version is to be served. It takes the place of what was said before: what is left out is as for all.',
})
export class SetServingPolicyInput {
  @Field(() => String, { description: 'Name of the registered model.' })
  @Matches(MODEL_NAME, { message: `model ${MODEL_NAME_RULE}` })
  model!: string;

  @Field(() => Int, { description: 'Number of the version.' })
  @IsInt()
  @Min(1)
  version!: number;

  @Field(() => Int, { nullable: true, description: 'Most rows of one batch, where fewer than executors take.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_ROWS)
  maxBatchRows?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How long a batch that is not full may wait for more, in milliseconds. Default: not at all.',
  })
  @IsOptional()
  @IsInt()
  @Min(0)
  @Max(MAX_DELAY_MS)
  batchDelayMs?: number | null;

  @Field(() => InstancePolicyInput, { nullable: true, description: 'How many executors run it.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => InstancePolicyInput)
  instances?: InstancePolicyInput | null;

  @Field(() => PriorityPolicyInput, { nullable: true, description: 'Priorities of its requests.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => PriorityPolicyInput)
  priorities?: PriorityPolicyInput | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Most predictions of it at a time in one api process; more are refused with `OVERLOADED`.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_QUEUE)
  queueLimit?: number | null;

  @Field(() => DeadlinePolicyInput, { nullable: true, description: 'Time allowed for its requests.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => DeadlinePolicyInput)
  deadline?: DeadlinePolicyInput | null;

  @Field(() => DevicePolicyInput, { nullable: true, description: 'The device that it is to run on.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => DevicePolicyInput)
  device?: DevicePolicyInput | null;

  @Field(() => ResponseCachePolicyInput, { nullable: true, description: 'Answers that are remembered.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => ResponseCachePolicyInput)
  cache?: ResponseCachePolicyInput | null;

  @Field(() => [WarmUpSampleInput], {
    nullable: true,
    description: 'What it is run on before it counts as loaded. Default: one row of zeros, whose failure is no matter.',
  })
  @IsOptional()
  @ArrayMaxSize(MAX_SAMPLES)
  @ValidateNested({ each: true })
  @Type(() => WarmUpSampleInput)
  warmUp?: WarmUpSampleInput[] | null;
}

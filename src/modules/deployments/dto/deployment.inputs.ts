import { ArgsType, Field, Float, InputType, Int } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsOptional,
  Length,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { PageArgs } from '../../../common/graphql/page.js';
import { DescriptionField } from '../../registry/dto/described.fields.js';
import { MODEL_NAME, MODEL_NAME_RULE, STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../registry/names.rules.js';
import type { DeploymentCriteria } from '../deployment.js';
import type { DeploymentUpdate, NewDeployment } from '../deployment.service.js';
import {
  type Environment,
  environments,
  type LoggingPolicy,
  type Variant,
  type VariantRole as Role,
  variantRoles,
} from '../variant.js';
import { MAX_VARIANTS } from '../variants.rules.js';
import { DeploymentEnvironment, VariantRole } from './deployment.enums.js';

/** What is logged where nothing is said: every prediction, but nothing of what went in and came out. */
const DEFAULT_LOGGING: LoggingPolicy = { sampleRate: 1, keepPayloads: false };

const MAX_VERSION = 2 ** 31 - 1;
const MAX_REASON = 1_000;

@InputType({ description: 'One model version of a deployment.' })
export class DeploymentVariantInput {
  @Field(() => String, { description: `Name, unique in the deployment. It ${MODEL_NAME_RULE}.` })
  @Matches(MODEL_NAME, { message: `name ${MODEL_NAME_RULE}` })
  name!: string;

  @Field(() => VariantRole, { description: 'What it does in the deployment.' })
  @IsIn(variantRoles)
  role!: Role;

  @Field(() => String, { description: 'Name of the registered model.' })
  @Matches(MODEL_NAME, { message: `model ${MODEL_NAME_RULE}` })
  model!: string;

  @Field(() => Int, { description: 'Version of the model.' })
  @IsInt()
  @Min(1)
  @Max(MAX_VERSION)
  version!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Part of the traffic, relative to the other weights. Default: 100 for the champion, else 0.',
  })
  @IsOptional()
  @IsNumber()
  weight?: number | null;
}

@InputType({ description: 'Which predictions of a deployment are logged, and how much of them.' })
export class DeploymentLoggingInput {
  @Field(() => Float, {
    nullable: true,
    description: 'Part of the predictions that are logged, from 0 to 1. Default 1.',
  })
  @IsOptional()
  @Min(0)
  @Max(1)
  sampleRate?: number | null;

  @Field(() => Boolean, { nullable: true, description: 'Whether inputs and outputs are kept. Default: no.' })
  @IsOptional()
  @IsBoolean()
  keepPayloads?: boolean | null;
}

@InputType({ description: 'A deployment to create.' })
export class CreateDeploymentInput {
  @Field(() => String, { description: `Name, unique in the workspace. It ${MODEL_NAME_RULE}.` })
  @Matches(MODEL_NAME, { message: `name ${MODEL_NAME_RULE}` })
  name!: string;

  @Field(() => DeploymentEnvironment, { description: 'What it is for. It does not change.' })
  @IsIn(environments)
  environment!: Environment;

  @DescriptionField('What the deployment is')
  description?: string | null;

  @Field(() => [DeploymentVariantInput], {
    description: `The model versions: one champion, at most ${MAX_VARIANTS} in all.`,
  })
  @ArrayMaxSize(MAX_VARIANTS)
  @ValidateNested({ each: true })
  @Type(() => DeploymentVariantInput)
  variants!: DeploymentVariantInput[];

  @Field(() => DeploymentLoggingInput, { nullable: true, description: 'Which predictions are logged. Default: all.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => DeploymentLoggingInput)
  logging?: DeploymentLoggingInput | null;
}

@InputType({ description: 'A change of a deployment; what is left out stays as it is.' })
export class UpdateDeploymentInput {
  @Field(() => String, { description: 'Name of the deployment.' })
  @Matches(MODEL_NAME, { message: `name ${MODEL_NAME_RULE}` })
  name!: string;

  @DescriptionField('What the deployment is')
  description?: string | null;

  @Field(() => [DeploymentVariantInput], {
    nullable: true,
    description: 'All model versions, in place of those before.',
  })
  @IsOptional()
  @ArrayMaxSize(MAX_VARIANTS)
  @ValidateNested({ each: true })
  @Type(() => DeploymentVariantInput)
  variants?: DeploymentVariantInput[] | null;

  @Field(() => DeploymentLoggingInput, { nullable: true, description: 'Which predictions are logged.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => DeploymentLoggingInput)
  logging?: DeploymentLoggingInput | null;

  @Field(() => String, { nullable: true, description: 'Why, in words; the revision keeps it.' })
  @IsOptional()
  @MaxLength(MAX_REASON)
  @Matches(STORABLE_TEXT, { message: `reason ${STORABLE_TEXT_RULE}` })
  reason?: string | null;
}

@InputType({ description: 'A deployment to roll back.' })
export class RollbackDeploymentInput {
  @Field(() => String, { description: 'Name of the deployment.' })
  name!: string;
}

@InputType({ description: 'A variant to promote.' })
export class PromoteVariantInput {
  @Field(() => String, { description: 'Name of the deployment.' })
  deployment!: string;

  @Field(() => String, { description: 'Name of the variant.' })
  variant!: string;
}

@InputType({ description: 'A deployment to delete.' })
export class DeleteDeploymentInput {
  @Field(() => String, { description: 'Name of the deployment.' })
  name!: string;
}

@InputType({ description: 'Which deployments to list: those that fit everything that is given.' })
export class DeploymentFilter {
  @Field(() => DeploymentEnvironment, { nullable: true, description: 'In this environment.' })
  @IsOptional()
  @IsIn(environments)
  environment?: Environment | null;

  @Field(() => String, { nullable: true, description: 'Part of the name, in upper or lower case.' })
  @IsOptional()
  @Length(1, 128)
  @Matches(STORABLE_TEXT, { message: `nameContains ${STORABLE_TEXT_RULE}` })
  nameContains?: string | null;

  @Field(() => String, { nullable: true, description: 'With a variant of the model of this name.' })
  @IsOptional()
  @Matches(MODEL_NAME, { message: `model ${MODEL_NAME_RULE}` })
  model?: string | null;
}

@ArgsType()
export class DeploymentsArgs extends PageArgs {
  @Field(() => DeploymentFilter, { nullable: true, description: 'Which deployments to list. Default: all.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => DeploymentFilter)
  filter?: DeploymentFilter | null;
}

export const newDeploymentOf = (input: CreateDeploymentInput): NewDeployment => ({
  name: input.name,
  environment: input.environment,
  description: input.description ?? '',
  variants: input.variants.map(variantOf),
  logging: input.logging ? loggingOf(input.logging) : DEFAULT_LOGGING,
});

export const updateOf = (input: UpdateDeploymentInput): DeploymentUpdate => ({
  name: input.name,
  variants: input.variants?.map(variantOf),
  logging: input.logging ? loggingOf(input.logging) : undefined,
  description: input.description ?? undefined,
  reason: input.reason ?? 'updated',
});

export const criteriaOf = (filter: DeploymentFilter | null | undefined): DeploymentCriteria => ({
  environment: filter?.environment ?? undefined,
  nameContains: filter?.nameContains ?? undefined,
  model: filter?.model ?? undefined,
});

const variantOf = ({ name, role, model, version, weight }: DeploymentVariantInput): Variant => ({
  name,
  role,
  model,
  version,
  weight: weight ?? (role === 'CHAMPION' ? 100 : 0),
});

const loggingOf = ({ sampleRate, keepPayloads }: DeploymentLoggingInput): LoggingPolicy => ({
  sampleRate: sampleRate ?? DEFAULT_LOGGING.sampleRate,
  keepPayloads: keepPayloads ?? DEFAULT_LOGGING.keepPayloads,
});

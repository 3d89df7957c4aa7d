import { ArgsType, Field, InputType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsDate, IsIn, IsOptional, Matches, ValidateNested } from 'class-validator';
import { PageArgs } from '../../../common/graphql/page.js';
import { MODEL_NAME, MODEL_NAME_RULE } from '../../registry/names.rules.js';
import type { PredictionCriteria } from '../log/prediction-log.repository.js';
import { type VariantRole as Role, variantRoles } from '../variant.js';
import { VariantRole } from './deployment.enums.js';

@InputType({ description: 'Which predictions to list: those that fit everything that is given.' })
export class PredictionLogFilter {
  @Field(() => String, { nullable: true, description: 'Of the deployment of this name.' })
  @IsOptional()
  @Matches(MODEL_NAME, { message: `deployment ${MODEL_NAME_RULE}` })
  deployment?: string | null;

  @Field(() => String, { nullable: true, description: 'Of the variant of this name.' })
  @IsOptional()
  @Matches(MODEL_NAME, { message: `variant ${MODEL_NAME_RULE}` })
  variant?: string | null;

  @Field(() => VariantRole, { nullable: true, description: 'Of variants in this role.' })
  @IsOptional()
  @IsIn(variantRoles)
  role?: Role | null;

  @Field(() => Date, { nullable: true, description: 'At this moment or later.' })
  @IsOptional()
  @IsDate()
  since?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Before this moment.' })
  @IsOptional()
  @IsDate()
  until?: Date | null;
}

@ArgsType()
export class PredictionLogArgs extends PageArgs {
  @Field(() => PredictionLogFilter, { nullable: true, description: 'Which predictions to list. Default: all.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => PredictionLogFilter)
  filter?: PredictionLogFilter | null;
}

export const predictionCriteriaOf = (filter: PredictionLogFilter | null | undefined): PredictionCriteria => ({
  deployment: filter?.deployment ?? undefined,
  variant: filter?.variant ?? undefined,
  role: filter?.role ?? undefined,
  since: filter?.since ?? undefined,
  until: filter?.until ?? undefined,
});

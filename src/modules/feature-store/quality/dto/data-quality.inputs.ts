import { applyDecorators } from '@nestjs/common';
import { Field, Float, InputType, Int } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsInt, IsOptional, IsString, Length, Max, Min, ValidateNested } from 'class-validator';
import { MAX_COLUMNS } from '../../sources/data-schema.rules.js';
import { DATA_SOURCE_NAME_RULE } from '../../sources/data-source-name.rules.js';
import {
  type ColumnDimension,
  columnDimensions,
  defaultThresholds,
  type QualityDimension,
  type QualityThresholds,
} from '../data-quality.js';
import { MAX_QUALITY_RULES } from '../expectations.rules.js';
import type { GivenExpectations } from '../quality.service.js';
import { ColumnDimensionEnum } from './data-quality.enums.js';

/** Longest expression, in UTF-16 code units. */
const MAX_EXPRESSION = 10_000;

const ThresholdField = (dimension: QualityDimension): PropertyDecorator =>
  applyDecorators(
    Field(() => Float, {
      nullable: true,
      description: `Least ${dimension.toLowerCase()}. Default: ${defaultThresholds[dimension]}.`,
    }),
    IsOptional(),
    Min(0),
    Max(1),
  );

@InputType({ description: 'Scores from 0 to 1; what is below one is a breach.' })
export class QualityThresholdsInput {
  @ThresholdField('COMPLETENESS')
  completeness?: number | null;

  @ThresholdField('UNIQUENESS')
  uniqueness?: number | null;

  @ThresholdField('VALIDITY')
  validity?: number | null;

  @ThresholdField('CONSISTENCY')
  consistency?: number | null;

  @ThresholdField('TIMELINESS')
  timeliness?: number | null;
}

@InputType({ description: 'What counts for one column in place of the threshold of its source.' })
export class ColumnThresholdInput {
  @Field(() => String, { description: 'Name of the column.' })
  @IsString()
  column!: string;

  @Field(() => ColumnDimensionEnum, { description: 'What is measured.' })
  @IsIn(columnDimensions)
  dimension!: ColumnDimension;

  @Field(() => Float, { description: 'Least score, from 0 to 1; with 0 there is no breach.' })
  @Min(0)
  @Max(1)
  threshold!: number;
}

@InputType({ description: 'What must hold for each row.' })
export class ExpressionRuleInput {
  @Field(() => String, { description: `Name, unique in the source. It ${DATA_SOURCE_NAME_RULE}.` })
  @IsString()
  name!: string;

  @Field(() => String, {
    description: 'An SQL expression over the columns of a row, such as `"end" >= "start"`. Null counts as true.',
  })
  @Length(1, MAX_EXPRESSION)
  expression!: string;
}

@InputType({ description: 'A column whose values must be among those of a column of another source.' })
export class ReferenceRuleInput {
  @Field(() => String, { description: `Name, unique in the source. It ${DATA_SOURCE_NAME_RULE}.` })
  @IsString()
  name!: string;

  @Field(() => String, { description: 'The column. Null refers to nothing, and is right.' })
  @IsString()
  column!: string;

  @Field(() => String, { description: 'Name of the other source.' })
  @IsString()
  source!: string;

  @Field(() => String, { description: 'Column of the other source.' })
  @IsString()
  sourceColumn!: string;
}

@InputType({ description: 'What is expected of the data of a source, in place of what was said before.' })
export class SetDataQualityExpectationsInput {
  @Field(() => String, { description: 'Name of the source.' })
  @IsString()
  source!: string;

  @Field(() => QualityThresholdsInput, { nullable: true, description: 'Thresholds of the source and its columns.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => QualityThresholdsInput)
  thresholds?: QualityThresholdsInput | null;

  @Field(() => [ColumnThresholdInput], { nullable: true, description: 'Thresholds of single columns. Default: none.' })
  @IsOptional()
  @ArrayMaxSize(MAX_COLUMNS)
  @ValidateNested({ each: true })
  @Type(() => ColumnThresholdInput)
  columnThresholds?: ColumnThresholdInput[] | null;

  @Field(() => [ExpressionRuleInput], { nullable: true, description: 'Rules across columns. Default: none.' })
  @IsOptional()
  @ArrayMaxSize(MAX_QUALITY_RULES)
  @ValidateNested({ each: true })
  @Type(() => ExpressionRuleInput)
  expressions?: ExpressionRuleInput[] | null;

  @Field(() => [ReferenceRuleInput], { nullable: true, description: 'Rules across sources. Default: none.' })
  @IsOptional()
  @ArrayMaxSize(MAX_QUALITY_RULES)
  @ValidateNested({ each: true })
  @Type(() => ReferenceRuleInput)
  references?: ReferenceRuleInput[] | null;

  @Field(() => Int, {
    nullable: true,
    description: 'How long ago the last collection may have succeeded, in seconds. Default: any time.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  maxSilenceSeconds?: number | null;
}

export const expectationsOf = (input: SetDataQualityExpectationsInput): GivenExpectations => ({
  thresholds: thresholdsOf(input.thresholds ?? {}),
  columnThresholds: (input.columnThresholds ?? []).map(({ column, dimension, threshold }) => ({
    column,
    dimension,
    threshold,
  })),
  expressions: (input.expressions ?? []).map(({ name, expression }) => ({ name, expression })),
  references: (input.references ?? []).map(({ name, column, source, sourceColumn }) => ({
    name,
    column,
    source,
    sourceColumn,
  })),
  maxSilenceSeconds: input.maxSilenceSeconds ?? null,
});

const thresholdsOf = (given: QualityThresholdsInput): QualityThresholds => ({
  COMPLETENESS: given.completeness ?? defaultThresholds.COMPLETENESS,
  UNIQUENESS: given.uniqueness ?? defaultThresholds.UNIQUENESS,
  VALIDITY: given.validity ?? defaultThresholds.VALIDITY,
  CONSISTENCY: given.consistency ?? defaultThresholds.CONSISTENCY,
  TIMELINESS: given.timeliness ?? defaultThresholds.TIMELINESS,
});

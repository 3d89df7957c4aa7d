import { Field, Float, ID, InputType, Int, ObjectType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsInt, IsOptional, IsString, Min, ValidateNested } from 'class-validator';
import { connectionOf } from '../../../../common/graphql/connection.js';
import { ValidationRuleEnum } from '../../ingestion/dto/data-collection.type.js';
import { type ValidationRule, validationRules } from '../../validation/validation-report.js';
import type { QuarantinedRow, QuarantinedValue, RowCorrection, RowViolation } from '../quarantined-row.js';

/** Most corrections of one replay. */
const MAX_CORRECTIONS = 1_000;

@InputType({ description: 'Which rows in quarantine to list; what is left out does not matter.' })
export class QuarantineFilter {
  @Field(() => ID, { nullable: true, description: 'Id of the collection that left them out.' })
  @IsOptional()
  @IsString()
  collection?: string | null;

  @Field(() => ValidationRuleEnum, { nullable: true, description: 'A rule that they broke.' })
  @IsOptional()
  @IsIn(validationRules)
  rule?: ValidationRule | null;

  @Field(() => String, { nullable: true, description: 'Column of a rule that they broke.' })
  @IsOptional()
  @IsString()
  column?: string | null;
}

@InputType({ description: 'A value to be taken in place of the one that came.' })
export class RowCorrectionInput implements RowCorrection {
  @Field(() => Int, { description: 'Number of the row, from 1.' })
  @IsInt()
  @Min(1)
  row!: number;

  @Field(() => String, { description: 'Name of the column.' })
  @IsString()
  column!: string;

  @Field(() => String, { nullable: true, description: 'The value, as text; null for none.' })
  @IsOptional()
  @IsString()
  value!: string | null;
}

@InputType({ description: 'A replay of the rows of a collection that wait in quarantine.' })
export class ReplayQuarantineInput {
  @Field(() => ID, { description: 'Id of the collection.' })
  @IsString()
  collection!: string;

  @Field(() => [RowCorrectionInput], {
    nullable: true,
    description: `Values in place of those that came: at most ${MAX_CORRECTIONS}. Default: none.`,
  })
  @IsOptional()
  @ArrayMaxSize(MAX_CORRECTIONS)
  @ValidateNested({ each: true })
  @Type(() => RowCorrectionInput)
  corrections?: RowCorrectionInput[] | null;
}

@ObjectType('QuarantinedValue', { description: 'A value of a row in quarantine.' })
export class QuarantinedValueType implements QuarantinedValue {
  @Field(() => String, { description: 'Name of the column.' })
  column!: string;

  @Field(() => String, { nullable: true, description: 'The value as it came; null where it is, or is masked.' })
  value!: string | null;

  @Field(() => Boolean, {
    description: 'Whether it is not shown, because the column is sensitive or no longer in the schema.',
  })
  isMasked!: boolean;
}

@ObjectType('RowViolation', { description: 'A rule that a row broke.' })
export class RowViolationType implements RowViolation {
  @Field(() => String, {
    nullable: true,
    description: 'The column; null where the rule is not one of a single column.',
  })
  column!: string | null;

  @Field(() => ValidationRuleEnum, { description: 'The rule.' })
  rule!: ValidationRule;
}

@ObjectType('QuarantinedRow', { description: 'A row that was left out, and waits for a fix.' })
export class QuarantinedRowType implements QuarantinedRow {
  @Field(() => ID, { description: 'Id of the collection that left it out.' })
  collectionId!: string;

  @Field(() => Float, { description: 'Its number in the batch, from 1.' })
  row!: number;

  @Field(() => [QuarantinedValueType], { description: 'Its values.' })
  values!: QuarantinedValueType[];

  @Field(() => [RowViolationType], { description: 'The rules that it broke when it was collected.' })
  violations!: RowViolationType[];
}

@ObjectType({
  description: 'A page of rows in quarantine: of the newest collection first, and of each by their numbers.',
})
export class QuarantinedRowConnection extends connectionOf(QuarantinedRowType, 'QuarantinedRow') {}

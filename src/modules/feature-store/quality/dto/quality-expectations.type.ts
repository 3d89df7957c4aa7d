import { Field, Float, Int, ObjectType } from '@nestjs/graphql';
import type {
  ColumnDimension,
  ColumnThreshold,
  ExpressionRule,
  QualityExpectations,
  ReferenceRule,
} from '../data-quality.js';
import { ColumnDimensionEnum } from './data-quality.enums.js';

@ObjectType('QualityThresholds', { description: 'Scores from 0 to 1; what is below one is a breach.' })
export class QualityThresholdsType {
  @Field(() => Float, { description: 'Least completeness.' })
  completeness!: number;

  @Field(() => Float, { description: 'Least uniqueness.' })
  uniqueness!: number;

  @Field(() => Float, { description: 'Least validity.' })
  validity!: number;

  @Field(() => Float, { description: 'Least consistency.' })
  consistency!: number;

  @Field(() => Float, { description: 'Least timeliness.' })
  timeliness!: number;
}

@ObjectType('ColumnThreshold', { description: 'What counts for one column in place of the threshold of its source.' })
export class ColumnThresholdType implements ColumnThreshold {
  @Field(() => String, { description: 'Name of the column.' })
  column!: string;

  @Field(() => ColumnDimensionEnum, { description: 'What is measured.' })
  dimension!: ColumnDimension;

  @Field(() => Float, { description: 'Least score.' })
  threshold!: number;
}

@ObjectType('ExpressionRule', { description: 'What must hold for each row.' })
export class ExpressionRuleType implements ExpressionRule {
  @Field(() => String, { description: 'Name of the rule.' })
  name!: string;

  @Field(() => String, { description: 'An SQL expression over the columns of a row; null counts as true.' })
  expression!: string;
}

@ObjectType('ReferenceRule', {
  description: 'A column whose values must be among those of a column of another source.',
})
export class ReferenceRuleType implements Omit<ReferenceRule, 'sourceId'> {
  @Field(() => String, { description: 'Name of the rule.' })
  name!: string;

  @Field(() => String, { description: 'The column.' })
  column!: string;

  @Field(() => String, { description: 'Name of the other source when the rule was declared.' })
  source!: string;

  @Field(() => String, { description: 'Column of the other source.' })
  sourceColumn!: string;
}

@ObjectType('DataQualityExpectations', { description: 'What is expected of the data of a source, beyond its schema.' })
export class DataQualityExpectationsType {
  @Field(() => QualityThresholdsType, { description: 'Thresholds of the source and its columns.' })
  readonly thresholds: QualityThresholdsType;

  @Field(() => [ColumnThresholdType], { description: 'Thresholds of single columns.' })
  readonly columnThresholds: readonly ColumnThreshold[];

  @Field(() => [ExpressionRuleType], { description: 'Rules across columns.' })
  readonly expressions: readonly ExpressionRule[];

  @Field(() => [ReferenceRuleType], { description: 'Rules across sources.' })
  readonly references: readonly ReferenceRule[];

  @Field(() => Int, {
    nullable: true,
    description: 'How long ago the last collection may have succeeded, in seconds; null for any time.',
  })
  readonly maxSilenceSeconds: number | null;

  constructor(expectations: QualityExpectations) {
    const { COMPLETENESS, UNIQUENESS, VALIDITY, CONSISTENCY, TIMELINESS } = expectations.thresholds;
    this.thresholds = {
      completeness: COMPLETENESS,
      uniqueness: UNIQUENESS,
      validity: VALIDITY,
      consistency: CONSISTENCY,
      timeliness: TIMELINESS,
    };
    this.columnThresholds = expectations.columnThresholds;
    this.expressions = expectations.expressions;
    this.references = expectations.references;
    this.maxSilenceSeconds = expectations.maxSilenceSeconds;
  }
}

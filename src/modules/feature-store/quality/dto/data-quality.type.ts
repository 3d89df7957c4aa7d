import { Field, Float, ID, Int, ObjectType } from '@nestjs/graphql';
import { connectionOf } from '../../../../common/graphql/connection.js';
import type { ColumnQuality, QualityBreach, QualityDimension, RuleQuality } from '../data-quality.js';
import type { QualityMeasurementEntity } from '../entities/quality-measurement.entity.js';
import { QualityDimensionEnum } from './data-quality.enums.js';

@ObjectType('ColumnQuality', { description: 'Quality of a column.' })
export class ColumnQualityType implements ColumnQuality {
  @Field(() => String, { description: 'Name of the column.' })
  column!: string;

  @Field(() => Float, { nullable: true, description: 'Share of the rows with a value; null where there are no rows.' })
  completeness!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of the rows whose key repeats no other one of their batch; null for what alone is no key.',
  })
  uniqueness!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of the values that are as the schema says; null where there are none.',
  })
  validity!: number | null;
}

@ObjectType('RuleQuality', { description: 'How a declared rule held.' })
export class RuleQualityType implements RuleQuality {
  @Field(() => String, { description: 'Name of the rule.' })
  rule!: string;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of the rows for which it holds; null where it could not be checked.',
  })
  score!: number | null;

  @Field(() => Float, { description: 'Rows that were looked at.' })
  rows!: number;

  @Field(() => Float, { description: 'Rows that break it.' })
  broken!: number;

  @Field(() => String, { nullable: true, description: 'Why it could not be checked.' })
  error!: string | null;

  @Field(() => Int, { nullable: true, description: 'Version of the other source that was looked at.' })
  referencedVersion!: number | null;
}

@ObjectType('QualityBreach', { description: 'A score below its threshold, or a rule that could not be checked.' })
export class QualityBreachType implements QualityBreach {
  @Field(() => QualityDimensionEnum, { description: 'What was measured.' })
  dimension!: QualityDimension;

  @Field(() => String, { nullable: true, description: 'The column; null where it is not one of a column.' })
  column!: string | null;

  @Field(() => String, { nullable: true, description: 'The rule; null where it is not one of a rule.' })
  rule!: string | null;

  @Field(() => Float, { nullable: true, description: 'What was measured; null where nothing could be.' })
  score!: number | null;

  @Field(() => Float, { description: 'What is expected.' })
  threshold!: number;
}

@ObjectType('DataQuality', {
  description: 'What was measured of a data source at one time. Each score is from 0 to 1.',
})
export class DataQualityType {
  @Field(() => ID, { description: 'Id of the measurement.' })
  readonly id: string;

  @Field(() => Date, { description: 'When it was measured.' })
  readonly measuredAt: Date;

  @Field(() => Int, { description: 'The version whose rows were measured.' })
  readonly snapshotVersion: number;

  @Field(() => Float, { description: 'Rows of that version.' })
  readonly rows: number;

  @Field(() => Float, { description: 'Rows of its batches that wait in quarantine.' })
  readonly rowsQuarantined: number;

  @Field(() => Float, { nullable: true, description: 'Share of all values that are there; null without rows.' })
  readonly completeness: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of the rows that repeat no other one of their batch; null where nothing tells rows apart.',
  })
  readonly uniqueness: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Share of the rows that are as the schema says, of these and those in quarantine; null without rows.',
  })
  readonly validity: number | null;

  @Field(() => Float, { nullable: true, description: 'That of the worst rule; null where none is declared.' })
  readonly consistency: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'How young the newest event and the last collection are; null where no age is declared.',
  })
  readonly timeliness: number | null;

  @Field(() => [ColumnQualityType], { description: 'Quality of each column.' })
  readonly columns: readonly ColumnQuality[];

  @Field(() => [RuleQualityType], { description: 'How each declared rule held.' })
  readonly rules: readonly RuleQuality[];

  @Field(() => [QualityBreachType], { description: 'What is below its threshold. Each is a data issue, too.' })
  readonly breaches: readonly QualityBreach[];

  constructor({ id, measuredAt, measurement }: QualityMeasurementEntity) {
    const { scores } = measurement;
    this.id = id;
    this.measuredAt = measuredAt;
    this.snapshotVersion = measurement.snapshotVersion;
    this.rows = measurement.rows;
    this.rowsQuarantined = measurement.rowsQuarantined;
    this.completeness = scores.COMPLETENESS;
    this.uniqueness = scores.UNIQUENESS;
    this.validity = scores.VALIDITY;
    this.consistency = scores.CONSISTENCY;
    this.timeliness = scores.TIMELINESS;
    this.columns = measurement.columns;
    this.rules = measurement.rules;
    this.breaches = measurement.breaches;
  }
}

@ObjectType({ description: 'A page of measurements, newest first.' })
export class DataQualityConnection extends connectionOf(DataQualityType, 'DataQuality') {}

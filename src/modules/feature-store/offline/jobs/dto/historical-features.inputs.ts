import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { IsArray, IsInt, IsOptional, IsString } from 'class-validator';
import { GraphQLJSONObject } from 'graphql-scalars';
import { CheckedByHand } from '../../../../../common/graphql/input-validation.pipe.js';
import type { HistoricalFeaturesStatus } from '../historical-features-job.js';
import { HistoricalFeaturesStatusEnum } from './historical-features-job.type.js';

@CheckedByHand()
@InputType({ description: 'The rows that get features. Give one of `rows`, `artifact` and `source`.' })
export class LabelsInput {
  @Field(() => [GraphQLJSONObject], {
    nullable: true,
    description: 'The rows themselves. Moments are ISO 8601 texts; whole numbers beyond 2^53 are texts.',
  })
  rows?: readonly object[] | null;

  @Field(() => ID, {
    nullable: true,
    description: 'Digest of a file of CSV, Parquet, NDJSON or JSON, uploaded by PUT /api/artifacts.',
  })
  artifact?: string | null;

  @Field(() => String, { nullable: true, description: 'Name of a data source, whose rows they are.' })
  source?: string | null;

  @Field(() => Int, { nullable: true, description: 'Snapshot of the source. Default: the newest.' })
  sourceVersion?: number | null;
}

@CheckedByHand()
@InputType({ description: 'Which features are wanted, and of which rows. Give `service` or `features`.' })
export class HistoricalFeaturesInput {
  @Field(() => String, { nullable: true, description: 'Name of a feature service, whose features are all wanted.' })
  service?: string | null;

  @Field(() => Int, { nullable: true, description: 'Version of the service. Default: the newest.' })
  serviceVersion?: number | null;

  @Field(() => [String], {
    nullable: true,
    description:
      'The features, each as `view:feature` of the newest version of the view, or as `view@version:feature`.',
  })
  features?: readonly string[] | null;

  @Field(() => LabelsInput, {
    description: 'The rows. They need the join keys of the features, and the fields that on-demand features need.',
  })
  labels!: LabelsInput;

  @Field(() => String, {
    description:
      'Column of the labels with the moment at which each looks at the features. None may lie in the future.',
  })
  eventTimeColumn!: string;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether features are called `view__feature` in the result. Default false: as the service says.',
  })
  fullFeatureNames?: boolean | null;
}

@InputType({ description: 'Which jobs to list: those for which all that is given holds.' })
export class HistoricalFeaturesFilter {
  @Field(() => [HistoricalFeaturesStatusEnum], { nullable: true, description: 'In one of these states.' })
  @IsOptional()
  @IsArray()
  status?: HistoricalFeaturesStatus[] | null;

  @Field(() => String, { nullable: true, description: 'That made a result of rows of this data source.' })
  @IsOptional()
  @IsString()
  source?: string | null;

  @Field(() => Int, { nullable: true, description: 'With `source`: at this snapshot. Default: at any.' })
  @IsOptional()
  @IsInt()
  sourceVersion?: number | null;

  @Field(() => String, { nullable: true, description: 'That made a result of features of this view.' })
  @IsOptional()
  @IsString()
  view?: string | null;

  @Field(() => Int, { nullable: true, description: 'With `view`: of this version of it. Default: the newest.' })
  @IsOptional()
  @IsInt()
  viewVersion?: number | null;
}

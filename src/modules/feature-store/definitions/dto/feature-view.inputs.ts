import { Field, InputType, Int } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { CheckedByHand } from '../../../../common/graphql/input-validation.pipe.js';
import { ValueTypeEnum } from '../../sources/dto/data-source.enums.js';
import type { ValueType } from '../../value-types.js';
import type { DeclaredFeatureView } from '../declared-definitions.js';
import { DEFINITION_NAME_RULE } from '../definition-names.rules.js';
import { MAX_FEATURES } from '../feature-view.rules.js';
import { declaredSourceOf } from '../view-source.rules.js';
import { TypedColumnInput } from './typed-column.js';

@InputType({ description: 'A feature view, and which version of it.' })
export class FeatureViewReferenceInput {
  @Field(() => String, { description: 'Name of the view.' })
  name!: string;

  @Field(() => Int, { nullable: true, description: 'Number of the version. Default: the newest, which is pinned.' })
  version?: number | null;
}

@InputType({ description: 'Features of another view that are looked up.' })
export class FeatureLookupInput {
  @Field(() => String, { description: 'Name of the view.' })
  view!: string;

  @Field(() => Int, { nullable: true, description: 'Number of the version. Default: the newest, which is pinned.' })
  version?: number | null;

  @Field(() => [String], { description: 'Names of the features.' })
  features!: string[];
}

@InputType({ description: 'What an on-demand view is computed from.' })
export class RequestSourceInput {
  @Field(() => [TypedColumnInput], { nullable: true, description: 'Fields of the request. Default: none.' })
  fields?: TypedColumnInput[] | null;

  @Field(() => [FeatureLookupInput], {
    nullable: true,
    description: 'Features of other views, which are looked up by their entities. Default: none.',
  })
  features?: FeatureLookupInput[] | null;
}

@InputType({ description: 'Where the rows of a feature view come from: exactly one of these.' })
export class FeatureViewSourceInput {
  @Field(() => String, { nullable: true, description: 'The rows of this data source.' })
  dataSource?: string | null;

  @Field(() => FeatureViewReferenceInput, { nullable: true, description: 'The rows of this view, with its features.' })
  featureView?: FeatureViewReferenceInput | null;

  @Field(() => RequestSourceInput, { nullable: true, description: 'Requests: an on-demand view.' })
  request?: RequestSourceInput | null;
}

@InputType({ description: 'A feature: a column of the source, or one that the transformation adds.' })
export class FeatureInput {
  @Field(() => String, { description: 'Name of the column.' })
  name!: string;

  @Field(() => ValueTypeEnum, { nullable: true, description: 'Type that it must have. Default: the one that it has.' })
  type?: ValueType | null;

  @Field(() => String, { nullable: true, description: 'What it tells.' })
  description?: string | null;
}

@CheckedByHand()
@InputType({ description: 'A feature view as it shall be.' })
export class ApplyFeatureViewInput {
  @Field(() => String, { description: `Name, unique in the workspace. It ${DEFINITION_NAME_RULE}.` })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What the view is.' })
  description?: string | null;

  @Field(() => FeatureViewSourceInput, { description: 'Where its rows come from.' })
  source!: FeatureViewSourceInput;

  @Field(() => [String], {
    nullable: true,
    description:
      'Names of the entities that the rows tell of, whose join keys are columns. None for an on-demand view.',
  })
  entities?: string[] | null;

  @Field(() => String, { nullable: true, description: 'Column with the event time. Default: that of the source.' })
  eventTimeColumn?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Column that tells when a row was known. Default: that of the upstream view, or none.',
  })
  createdTimeColumn?: string | null;

  @Field(() => Int, { nullable: true, description: 'How old a value may be, in seconds. Null or 0: any age.' })
  ttlSeconds?: number | null;

  @Field(() => [FeatureInput], { description: `The features: 1 to ${MAX_FEATURES}.` })
  features!: FeatureInput[];

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'Steps that add columns to the rows: { version: 1, steps: […] }. Default: none.',
  })
  transformation?: object | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether its values are for the online store. Default: true, but for an on-demand view.',
  })
  isOnline?: boolean | null;
}

@CheckedByHand()
@InputType({ description: 'A feature view to delete.' })
export class DeleteFeatureViewInput {
  @Field(() => String, { description: 'Name of the view.' })
  name!: string;
}

/** @throws {CodedError} INVALID_INPUT unless there is exactly one source. */
export const declaredViewOf = (input: ApplyFeatureViewInput): DeclaredFeatureView => ({
  name: input.name,
  description: input.description ?? '',
  source: declaredSourceOf(input.source),
  entities: input.entities ?? [],
  eventTimeColumn: input.eventTimeColumn ?? null,
  createdTimeColumn: input.createdTimeColumn ?? null,
  ttlSeconds: input.ttlSeconds ?? null,
  features: input.features.map(({ name, type, description }) => ({
    name,
    type: type ?? null,
    description: description ?? '',
  })),
  transformation: input.transformation ?? null,
  isOnline: input.isOnline ?? null,
});

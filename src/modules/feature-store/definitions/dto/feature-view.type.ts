import { Field, ID, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import { connectionOf } from '../../../../common/graphql/connection.js';
import type { TransformationDeclaration } from '../../transformations/transformation-declaration.js';
import type { TypedColumn } from '../../value-types.js';
import type { Feature, FeatureViewSource, SnapshotReference } from '../feature-view.js';
import type { ListedFeatureView } from '../feature-view.repository.js';
import { FeatureViewKindEnum } from './definition.enums.js';
import { TypedColumnType } from './typed-column.js';

@ObjectType('Feature', { description: 'A feature of a feature view.' })
export class FeatureType extends TypedColumnType implements Feature {
  @Field(() => String, { description: 'What it tells.' })
  description!: string;
}

@ObjectType('LearnedFrom', { description: 'The snapshot that a transformation learned from.' })
export class LearnedFromType implements SnapshotReference {
  @Field(() => ID, { description: 'Id of the data source.' })
  sourceId!: string;

  @Field(() => Int, { description: 'Number of the version of the snapshot.' })
  version!: number;
}

@ObjectType('FeatureLookup', { description: 'Features of another view that an on-demand view looks up.' })
export class FeatureLookupType {
  @Field(() => [String], { description: 'Names of the features.' })
  features!: readonly string[];

  /** Read by the field `view`. */
  versionId!: string;
}

@ObjectType('FeatureView', {
  description: 'A version of a feature view: which features rows of a source have. A version never changes.',
})
export class FeatureViewType {
  @Field(() => ID, { description: 'Id of the version.' })
  readonly id: string;

  @Field(() => String, { description: 'Name of the view, unique in the workspace.' })
  readonly name: string;

  @Field(() => Int, { description: 'Number of the version, from 1.' })
  readonly version: number;

  @Field(() => String, { description: 'What the view is.' })
  readonly description: string;

  @Field(() => FeatureViewKindEnum, { description: 'Where its rows come from.' })
  readonly kind: FeatureViewSource['kind'];

  @Field(() => [TypedColumnType], { description: 'Fields of the request that an on-demand view needs.' })
  readonly requestFields: readonly TypedColumn[];

  @Field(() => [FeatureLookupType], { description: 'Features of other views that an on-demand view looks up.' })
  readonly lookups: readonly FeatureLookupType[];

  @Field(() => [TypedColumnType], { description: 'The join keys of all its entities, in order.' })
  readonly joinKeys: readonly TypedColumn[];

  @Field(() => [TypedColumnType], { description: 'The columns of the source that it reads.' })
  readonly columns: readonly TypedColumn[];

  @Field(() => String, { nullable: true, description: 'Column with the event time; null for an on-demand view.' })
  readonly eventTimeColumn: string | null;

  @Field(() => String, { nullable: true, description: 'Column that tells when a row was known, where there is one.' })
  readonly createdTimeColumn: string | null;

  @Field(() => Int, { nullable: true, description: 'How old a value may be, in seconds; null for any age.' })
  readonly ttlSeconds: number | null;

  @Field(() => [FeatureType], { description: 'The features, in order.' })
  readonly features: readonly Feature[];

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'The steps that add columns to the rows, if any.' })
  readonly transformation: TransformationDeclaration | null;

  @Field(() => Boolean, { description: 'Whether its values are for the online store.' })
  readonly isOnline: boolean;

  @Field(() => LearnedFromType, {
    nullable: true,
    description: 'What the transformation learned from, once it has: it never learns again.',
  })
  readonly learnedFrom: SnapshotReference | null;

  @Field(() => ID, { description: 'Id of who made this version.' })
  readonly createdBy: string;

  @Field(() => Date, { description: 'When this version was made.' })
  readonly createdAt: Date;

  readonly viewId: string;
  readonly source: FeatureViewSource;
  readonly entityNames: readonly string[];

  constructor(view: ListedFeatureView) {
    const { source } = view;
    this.id = view.id;
    this.viewId = view.viewId;
    this.name = view.name;
    this.version = view.version;
    this.description = view.description;
    this.kind = source.kind;
    this.source = source;
    this.requestFields = source.kind === 'REQUEST' ? source.fields : [];
    this.lookups = source.kind === 'REQUEST' ? source.features : [];
    this.entityNames = view.entities;
    this.joinKeys = view.keys;
    this.columns = view.columns;
    this.eventTimeColumn = view.eventTime;
    this.createdTimeColumn = view.createdTime;
    this.ttlSeconds = view.ttlMs === null ? null : view.ttlMs / 1_000;
    this.features = view.features;
    this.transformation = view.transformation;
    this.isOnline = view.isOnline;
    this.learnedFrom = view.learnedFrom;
    this.createdBy = view.createdBy;
    this.createdAt = view.createdAt;
  }
}

@ObjectType({ description: 'A page of feature views in their newest versions, by name.' })
export class FeatureViewConnection extends connectionOf(FeatureViewType, 'FeatureView') {}

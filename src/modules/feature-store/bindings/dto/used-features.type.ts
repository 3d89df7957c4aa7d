import { Field, Float, Int, ObjectType } from '@nestjs/graphql';
import { GraphQLJSON, GraphQLJSONObject } from 'graphql-scalars';
import { OnlineFeatureStatus } from '../../serving/dto/online-features.type.js';
import { ValueTypeEnum } from '../../sources/dto/data-source.enums.js';
import type { OnlineStatus } from '../../online/online-store.js';
import type { ValueType } from '../../value-types.js';
import type { FeatureRecord } from '../used-features.rules.js';

type RecordedFeature = FeatureRecord['features'][number];

@ObjectType('UsedFeature', {
  description: 'A feature that a prediction used; the lists have one item for each entity, in their order.',
})
export class UsedFeatureType implements RecordedFeature {
  readonly viewVersionId: string;

  @Field(() => String, { description: 'Its name in the service.' })
  readonly name: string;

  @Field(() => ValueTypeEnum, { description: 'Type of the values.' })
  readonly type: ValueType;

  @Field(() => String, { description: 'Name of its view.' })
  readonly view: string;

  @Field(() => Int, { description: 'Version of its view.' })
  readonly viewVersion: number;

  @Field(() => String, { description: 'Its name in the view.' })
  readonly feature: string;

  @Field(() => [GraphQLJSON], {
    nullable: 'itemsAndList',
    description: 'What was read, null wherever the status is not `PRESENT`. Null where a log does not keep inputs.',
  })
  readonly values: RecordedFeature['values'];

  @Field(() => [GraphQLJSON], {
    nullable: true,
    description:
      'What the model got, before it was scaled: what was read, or the default. Null where a log does not keep inputs.',
  })
  readonly used: RecordedFeature['used'];

  @Field(() => [OnlineFeatureStatus], {
    nullable: true,
    description: 'What was known of the feature. Null where a log leaves it out, because there were many entities.',
  })
  readonly statuses: readonly OnlineStatus[] | null;

  @Field(() => [Float], {
    nullable: 'itemsAndList',
    description:
      'Event times of the rows that the values are from, in milliseconds since the epoch. Null where nothing was known, ' +
      'and for features that are computed on demand.',
  })
  readonly eventTimes: RecordedFeature['eventTimes'];

  constructor(feature: RecordedFeature) {
    this.viewVersionId = feature.viewVersionId;
    this.name = feature.name;
    this.type = feature.type;
    this.view = feature.view;
    this.viewVersion = feature.viewVersion;
    this.feature = feature.feature;
    this.values = feature.values;
    this.used = feature.used;
    this.statuses = feature.statuses;
    this.eventTimes = feature.eventTimes;
  }
}

@ObjectType('UsedFeatures', { description: 'What a prediction by entity used.' })
export class UsedFeaturesType {
  readonly serviceVersionId: string;

  @Field(() => String, { description: 'Name of the feature service.' })
  readonly service: string;

  @Field(() => Int, { description: 'Version of the feature service.' })
  readonly serviceVersion: number;

  @Field(() => [GraphQLJSONObject], {
    nullable: true,
    description: 'The entities, as they were given. Null where a log does not keep inputs.',
  })
  readonly entities: FeatureRecord['entities'];

  @Field(() => GraphQLJSONObject, {
    nullable: true,
    description: 'Fields of the request that held for all entities, as they were given.',
  })
  readonly request: FeatureRecord['request'];

  @Field(() => [UsedFeatureType], { description: "The features that fill inputs, in the service's order." })
  readonly features: readonly UsedFeatureType[];

  constructor(record: FeatureRecord) {
    this.serviceVersionId = record.serviceVersionId;
    this.service = record.service;
    this.serviceVersion = record.serviceVersion;
    this.entities = record.entities;
    this.request = record.request;
    this.features = record.features.map((feature) => new UsedFeatureType(feature));
  }
}

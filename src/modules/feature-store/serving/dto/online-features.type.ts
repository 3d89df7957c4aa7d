import { Field, Float, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { GraphQLJSON } from 'graphql-scalars';
import { toJson } from '../../json-values.rules.js';
import type { OnlineStatus } from '../../online/online-store.js';
import { enumOf, ValueTypeEnum } from '../../sources/dto/data-source.enums.js';
import type { FeatureValue, ValueType } from '../../value-types.js';
import type { FeatureColumn } from '../feature-columns.rules.js';
import type { OnlineFeaturesAnswer } from '../online-features.js';

export const OnlineFeatureStatus: { readonly [Name in OnlineStatus]: Name } = enumOf([
  'PRESENT',
  'NULL_VALUE',
  'NOT_FOUND',
  'OUTSIDE_MAX_AGE',
]);

registerEnumType(OnlineFeatureStatus, {
  name: 'OnlineFeatureStatus',
  description: 'What is known of a feature of an entity.',
  valuesMap: {
    PRESENT: { description: 'It has a value.' },
    NULL_VALUE: { description: 'It is known to be null.' },
    NOT_FOUND: { description: 'Nothing is known of the entity, or of this feature of it.' },
    OUTSIDE_MAX_AGE: { description: 'What is known is older than the time to live of the view.' },
  },
});

/** Types whose values JSON writes as they are. */
const asWritten: ReadonlySet<ValueType> = new Set(['STRING', 'BOOLEAN', 'JSON']);

@ObjectType('OnlineFeature', {
  description: 'A feature of all entities that were asked for; the lists have one item for each, in their order.',
})
export class OnlineFeatureType {
  @Field(() => String, { description: 'Its name in the service, or as it was asked for.' })
  readonly name: string;

  @Field(() => String, { description: 'Name of its view.' })
  readonly view: string;

  @Field(() => Int, { description: 'Version of its view.' })
  readonly viewVersion: number;

  @Field(() => String, { description: 'Its name in the view.' })
  readonly feature: string;

  @Field(() => ValueTypeEnum, { description: 'Type of the values.' })
  readonly type: ValueType;

  @Field(() => [GraphQLJSON], {
    nullable: 'items',
    description:
      'The values, null wherever the status is not `PRESENT`. Moments are ISO 8601 in UTC; whole numbers beyond 2^53, NaN ' +
      'and infinities are texts.',
  })
  readonly values: readonly FeatureValue[];

  @Field(() => [OnlineFeatureStatus], { description: 'What is known of the feature.' })
  readonly statuses: readonly OnlineStatus[];

  @Field(() => [Float], {
    nullable: 'items',
    description:
      'Event times of the rows that the values are from, in milliseconds since the epoch, with a fraction down to ' +
      'microseconds. Null where nothing is known, and for features that are computed on demand.',
  })
  readonly eventTimes: readonly (number | null)[];

  constructor({ name, view, viewVersion, feature, type, values, statuses, eventTimes }: FeatureColumn) {
    this.name = name;
    this.view = view;
    this.viewVersion = viewVersion;
    this.feature = feature;
    this.type = type;
    this.values = asWritten.has(type) ? values : values.map((value) => toJson(value, type));
    this.statuses = statuses;
    this.eventTimes = eventTimes;
  }
}

@ObjectType('OnlineFeatures', { description: 'Features of entities, as they are known now.' })
export class OnlineFeaturesType {
  @Field(() => String, { nullable: true, description: 'The feature service; null where features were named.' })
  readonly service: string | null;

  @Field(() => Int, { nullable: true, description: 'Its version.' })
  readonly serviceVersion: number | null;

  @Field(() => [OnlineFeatureType], { description: 'The features, in the order of the service or of the call.' })
  readonly features: readonly OnlineFeatureType[];

  constructor({ service, features }: OnlineFeaturesAnswer) {
    this.service = service?.name ?? null;
    this.serviceVersion = service?.version ?? null;
    this.features = features.map((column) => new OnlineFeatureType(column));
  }
}

import { Field, ID, Int, ObjectType } from '@nestjs/graphql';
import { connectionOf } from '../../../../common/graphql/connection.js';
import type { FeatureServiceVersionEntity } from '../entities/feature-service-version.entity.js';
import type { ServiceFeature } from '../feature-service.js';

@ObjectType('ServiceFeature', { description: 'A feature of a feature service.' })
export class ServiceFeatureType {
  @Field(() => String, { description: 'What it is called in the service.' })
  as!: string;

  @Field(() => String, { description: 'Its name in the view.' })
  feature!: string;

  /** Read by the field `view`. */
  viewVersionId!: string;
}

@ObjectType('FeatureService', {
  description: 'A version of a feature service: a named set of features, for a model. A version never changes.',
})
export class FeatureServiceType {
  @Field(() => ID, { description: 'Id of the version.' })
  readonly id: string;

  @Field(() => String, { description: 'Name of the service, unique in the workspace.' })
  readonly name: string;

  @Field(() => Int, { description: 'Number of the version, from 1.' })
  readonly version: number;

  @Field(() => String, { description: 'What the service is.' })
  readonly description: string;

  @Field(() => [ServiceFeatureType], { description: 'The features, in order.' })
  readonly features: readonly ServiceFeature[];

  @Field(() => ID, { description: 'Id of who made this version.' })
  readonly createdBy: string;

  @Field(() => Date, { description: 'When this version was made.' })
  readonly createdAt: Date;

  readonly serviceId: string;

  constructor(service: FeatureServiceVersionEntity) {
    this.id = service.id;
    this.serviceId = service.serviceId;
    this.name = service.name;
    this.version = service.version;
    this.description = service.description;
    this.features = service.features;
    this.createdBy = service.createdBy;
    this.createdAt = service.createdAt;
  }
}

@ObjectType({ description: 'A page of feature services in their newest versions, by name.' })
export class FeatureServiceConnection extends connectionOf(FeatureServiceType, 'FeatureService') {}

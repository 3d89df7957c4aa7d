import { Field, ID, ObjectType } from '@nestjs/graphql';
import { connectionOf } from '../../../../common/graphql/connection.js';
import type { TypedColumn } from '../../value-types.js';
import type { FeatureEntityEntity } from '../entities/feature-entity.entity.js';
import { TypedColumnType } from './typed-column.js';

@ObjectType('FeatureEntity', { description: 'What features tell of, such as a customer, and how one is known.' })
export class FeatureEntityType {
  @Field(() => ID, { description: 'Id of the entity.' })
  readonly id: string;

  @Field(() => String, { description: 'Name, unique in the workspace.' })
  readonly name: string;

  @Field(() => String, { description: 'What the entity is.' })
  readonly description: string;

  @Field(() => [TypedColumnType], { description: 'The columns by which one is known, in order. They never change.' })
  readonly joinKeys: readonly TypedColumn[];

  @Field(() => ID, { description: 'Id of who created it.' })
  readonly createdBy: string;

  @Field(() => Date, { description: 'When it was created.' })
  readonly createdAt: Date;

  @Field(() => Date, { description: 'When it was last described anew.' })
  readonly updatedAt: Date;

  constructor(entity: FeatureEntityEntity) {
    this.id = entity.id;
    this.name = entity.name;
    this.description = entity.description;
    this.joinKeys = entity.joinKeys;
    this.createdBy = entity.createdBy;
    this.createdAt = entity.createdAt;
    this.updatedAt = entity.updatedAt;
  }
}

@ObjectType({ description: 'A page of feature entities, by name.' })
export class FeatureEntityConnection extends connectionOf(FeatureEntityType, 'FeatureEntity') {}

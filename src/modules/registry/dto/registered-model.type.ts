import { Field, ID, Int, ObjectType } from '@nestjs/graphql';
import { connectionOf } from '../../../common/graphql/connection.js';
import type { RegisteredModelEntity } from '../entities/registered-model.entity.js';
import { tagList } from '../tags.rules.js';
import { TagType } from './tag.dto.js';

@ObjectType('ModelAlias', { description: 'A movable name of one version of a model, such as `champion`.' })
export class ModelAliasType {
  @Field(() => String, { description: 'The name.' })
  alias!: string;

  @Field(() => Int, { description: 'Number of the version it stands for now.' })
  version!: number;
}

/** `versions`, `latestVersions` and `aliases` are resolved on their own, for all models of an answer at once. */
@ObjectType('RegisteredModel', { description: 'A named model with its versions.' })
export class RegisteredModelType {
  @Field(() => ID, { description: 'Id of the model.' })
  readonly id: string;

  @Field(() => String, { description: 'Name, unique in the workspace.' })
  readonly name: string;

  @Field(() => String, { description: 'What the model is for, in words.' })
  readonly description: string;

  @Field(() => [TagType], { description: 'Labels, ordered by key.' })
  readonly tags: readonly TagType[];

  @Field(() => ID, { description: 'Id of the user or API key that registered the model.' })
  readonly createdBy: string;

  @Field(() => Date, { description: 'When the model was registered.' })
  readonly createdAt: Date;

  @Field(() => Date, { description: 'When the model, or anything that belongs to it, was changed last.' })
  readonly updatedAt: Date;

  constructor(model: RegisteredModelEntity) {
    this.id = model.id;
    this.name = model.name;
    this.description = model.description;
    this.tags = tagList(model.tags);
    this.createdBy = model.createdBy;
    this.createdAt = model.createdAt;
    this.updatedAt = model.updatedAt;
  }
}

@ObjectType({ description: 'A page of registered models.' })
export class RegisteredModelConnection extends connectionOf(RegisteredModelType, 'RegisteredModel') {}

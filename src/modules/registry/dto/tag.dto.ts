import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { Length, Matches, MaxLength } from 'class-validator';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../names.rules.js';

@ObjectType('Tag', { description: 'A label of a model or version.' })
export class TagType {
  @Field(() => String, { description: 'What the tag tells.' })
  key!: string;

  @Field(() => String, { description: 'What it tells of this one.' })
  value!: string;
}

@InputType('TagInput', { description: 'A label to put on a model or version.' })
export class TagInput {
  @Field(() => String, { description: 'What the tag tells: 1 to 128 characters, each key once.' })
  @Length(1, 128)
  @Matches(STORABLE_TEXT, { message: `key ${STORABLE_TEXT_RULE}` })
  key!: string;

  @Field(() => String, { description: 'What it tells of this one: at most 4,096 characters.' })
  @MaxLength(4_096)
  @Matches(STORABLE_TEXT, { message: `value ${STORABLE_TEXT_RULE}` })
  value!: string;
}

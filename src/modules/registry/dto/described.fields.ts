import { applyDecorators } from '@nestjs/common';
import { Field } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsOptional, Matches, MaxLength, ValidateNested } from 'class-validator';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../names.rules.js';
import { TagInput } from './tag.dto.js';

/** Longest description, in UTF-16 code units. */
const MAX_DESCRIPTION = 10_000;
/** Most tags of one thing. */
const MAX_TAGS = 64;

/** An input's free text. @param what it tells. */
export const DescriptionField = (what: string): PropertyDecorator =>
  applyDecorators(
    Field(() => String, {
      nullable: true,
      description: `${what}: at most ${MAX_DESCRIPTION.toLocaleString('en-US')} characters.`,
    }),
    IsOptional(),
    MaxLength(MAX_DESCRIPTION),
    Matches(STORABLE_TEXT, { message: `description ${STORABLE_TEXT_RULE}` }),
  );

/** An input's labels. */
export const TagsField = (): PropertyDecorator =>
  applyDecorators(
    Field(() => [TagInput], { nullable: true, description: `Labels: at most ${MAX_TAGS}.` }),
    IsOptional(),
    ArrayMaxSize(MAX_TAGS),
    ValidateNested({ each: true }),
    Type(() => TagInput),
  );

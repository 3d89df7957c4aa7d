import { ArgsType, Field, ID, InputType, Int } from '@nestjs/graphql';
import { ArrayMinSize, IsDate, IsOptional, Length, Matches, Max, Min } from 'class-validator';
import type { Permission } from '../../../common/access/permissions.js';
import { PermissionEnum } from './access.enums.js';
import { NO_CONTROL_CHARACTERS, NO_CONTROL_CHARACTERS_RULE } from './input.rules.js';

/** One day, in seconds: time to bring a new key everywhere. */
export const DEFAULT_OVERLAP_SECONDS = 86_400;

/** Thirty days, in seconds. */
const MAX_OVERLAP_SECONDS = 30 * 86_400;

@InputType({ description: 'An API key to create.' })
export class CreateApiKeyInput {
  @Field(() => String, { description: 'Name for people, such as the program that will use the key.' })
  @Length(1, 200)
  @Matches(NO_CONTROL_CHARACTERS, NO_CONTROL_CHARACTERS_RULE)
  name!: string;

  @Field(() => [PermissionEnum], {
    description: 'What the key may do. You cannot give permissions that you do not have.',
  })
  @ArrayMinSize(1, { message: 'permissions: a key without any could do nothing; name at least one' })
  permissions!: Permission[];

  @Field(() => Date, { nullable: true, description: 'When the key stops working by itself. Default: never.' })
  @IsOptional()
  @IsDate()
  expiresAt?: Date | null;
}

@ArgsType()
export class RotateApiKeyArgs {
  @Field(() => ID, { description: 'Id of the key to replace.' })
  id!: string;

  @Field(() => Int, {
    defaultValue: DEFAULT_OVERLAP_SECONDS,
    description: 'How long the old key works beside the new one, in seconds. Default one day, at most thirty.',
  })
  @Min(0)
  @Max(MAX_OVERLAP_SECONDS)
  overlapSeconds!: number;
}

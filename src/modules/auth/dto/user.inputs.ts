import { Field, ID, InputType } from '@nestjs/graphql';
import { IsEmail, IsOptional, IsUUID, Length, Matches, MaxLength } from 'class-validator';
import type { Role } from '../../../common/access/permissions.js';
import { RoleEnum } from './access.enums.js';
import { NO_CONTROL_CHARACTERS, NO_CONTROL_CHARACTERS_RULE, RAW_PASSWORD_MAX_LENGTH } from './input.rules.js';

@InputType({ description: 'A user to create.' })
export class CreateUserInput {
  @Field(() => String, { description: 'E-mail to sign in with. It has one account in the whole installation.' })
  @IsEmail({}, { message: 'email: must be an e-mail address' })
  @MaxLength(254)
  email!: string;

  @Field(() => String, {
    nullable: true,
    description: 'Name for people. Default: the part of the e-mail before the @.',
  })
  @IsOptional()
  @Length(1, 200)
  @Matches(NO_CONTROL_CHARACTERS, NO_CONTROL_CHARACTERS_RULE)
  displayName?: string | null;

  @Field(() => RoleEnum, { description: 'Role in this workspace. You cannot give permissions that you do not have.' })
  role!: Role;

  @Field(() => String, { description: 'First password, 12 to 1,024 characters; the user can change it.' })
  @MaxLength(RAW_PASSWORD_MAX_LENGTH)
  password!: string;
}

@InputType({ description: 'A role to give to a user.' })
export class SetUserRoleInput {
  @Field(() => ID, { description: 'Id of the user.' })
  @IsUUID('loose', { message: 'id: must be the id of a user' })
  id!: string;

  @Field(() => RoleEnum, { description: 'The new role. You cannot give permissions that you do not have.' })
  role!: Role;
}

@InputType({ description: 'A change of one’s own password.' })
export class ChangePasswordInput {
  @Field(() => String, { description: 'The password as it is.' })
  @Length(1, RAW_PASSWORD_MAX_LENGTH)
  currentPassword!: string;

  @Field(() => String, { description: 'The password to be, 12 to 1,024 characters.' })
  @MaxLength(RAW_PASSWORD_MAX_LENGTH)
  newPassword!: string;
}

import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { IsEmail, IsOptional, Length, MaxLength } from 'class-validator';
import type { OpenedSession } from '../sessions/session.service.js';
import { RAW_PASSWORD_MAX_LENGTH } from './input.rules.js';
import { userOf, UserType } from './user.type.js';

@InputType({ description: 'Who signs in.' })
export class SignInInput {
  @Field(() => String, { description: 'E-mail of the account.' })
  @IsEmail({}, { message: 'email: must be an e-mail address' })
  @MaxLength(254)
  email!: string;

  @Field(() => String, { description: 'Password of the account.' })
  @Length(1, RAW_PASSWORD_MAX_LENGTH)
  password!: string;

  @Field(() => String, { nullable: true, description: 'Slug of the workspace; needed by members of several.' })
  @IsOptional()
  @Length(1, 100)
  workspace?: string | null;
}

@ObjectType('Session', { description: 'What a client gets for signing in: a short-lived token, and one to renew it.' })
export class SessionType {
  @Field(() => String, { description: 'Send it as `Authorization: Bearer …`.' })
  accessToken!: string;

  @Field(() => String, { description: 'Good for one `refreshSession`. Using it twice ends the session.' })
  refreshToken!: string;

  @Field(() => Date, { description: 'When the access token stops working.' })
  expiresAt!: Date;

  @Field(() => UserType, { description: 'Who signed in.' })
  user!: UserType;
}

export const sessionOf = ({ access, refreshToken, member }: OpenedSession): SessionType => ({
  accessToken: access.token,
  refreshToken,
  expiresAt: access.expiresAt,
  user: userOf(member),
});

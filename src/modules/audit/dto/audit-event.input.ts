import { ArgsType, Field, ID, InputType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsDate, IsIn, IsOptional, Matches, MaxLength, ValidateNested } from 'class-validator';
import { PageArgs } from '../../../common/graphql/page.js';
import { type AuditOutcome, auditOutcomes } from '../audit-event.js';
import { AuditOutcomeEnum } from './audit-event.type.js';

/** What PostgreSQL can compare a text with. */
const STORABLE = /^[^\0]*$/;
const STORABLE_RULE = { message: '$property must not hold the character U+0000' };
const LONGEST_TEXT = 500;

@InputType({ description: 'Which audit events to list: those that fit everything that is given.' })
export class AuditEventFilter {
  @Field(() => ID, { nullable: true, description: 'Id of the user or API key that acted.' })
  @IsOptional()
  @MaxLength(LONGEST_TEXT)
  @Matches(STORABLE, STORABLE_RULE)
  actorId?: string | null;

  @Field(() => String, { nullable: true, description: 'E-mail or key name of the actor, exactly.' })
  @IsOptional()
  @MaxLength(LONGEST_TEXT)
  @Matches(STORABLE, STORABLE_RULE)
  actorName?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'The action, or its beginning followed by `*`, as in `model.*`.',
  })
  @IsOptional()
  @MaxLength(LONGEST_TEXT)
  @Matches(STORABLE, STORABLE_RULE)
  action?: string | null;

  @Field(() => String, { nullable: true, description: 'Kind of the thing acted on, such as `model-version`.' })
  @IsOptional()
  @MaxLength(LONGEST_TEXT)
  @Matches(STORABLE, STORABLE_RULE)
  resourceType?: string | null;

  @Field(() => String, { nullable: true, description: 'Which thing was acted on.' })
  @IsOptional()
  @MaxLength(LONGEST_TEXT)
  @Matches(STORABLE, STORABLE_RULE)
  resourceId?: string | null;

  @Field(() => AuditOutcomeEnum, { nullable: true, description: 'How it ended.' })
  @IsOptional()
  @IsIn(auditOutcomes)
  outcome?: AuditOutcome | null;

  @Field(() => Date, { nullable: true, description: 'Only what happened at this time or later.' })
  @IsOptional()
  @IsDate()
  since?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Only what happened before this time.' })
  @IsOptional()
  @IsDate()
  until?: Date | null;
}

@ArgsType()
export class AuditEventsArgs extends PageArgs {
  @Field(() => AuditEventFilter, { nullable: true, description: 'Which events to list. Default: all.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => AuditEventFilter)
  filter?: AuditEventFilter | null;
}

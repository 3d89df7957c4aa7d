import { Field, ID, ObjectType, registerEnumType } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import type { Actor } from '../../../common/access/actor.js';
import { connectionOf } from '../../../common/graphql/connection.js';
import type { AuditDetail, AuditOutcome } from '../audit-event.js';
import type { AuditEventEntity } from '../entities/audit-event.entity.js';

export const AuditOutcomeEnum: { readonly [Name in AuditOutcome]: Name } = {
  SUCCESS: 'SUCCESS',
  FAILURE: 'FAILURE',
  DENIED: 'DENIED',
};

registerEnumType(AuditOutcomeEnum, {
  name: 'AuditOutcome',
  description: 'How an audited action ended.',
  valuesMap: {
    SUCCESS: { description: 'It was done.' },
    FAILURE: { description: 'It was attempted and failed.' },
    DENIED: { description: 'It was refused: credentials or permission were missing.' },
  },
});

export const AuditActorKind: { readonly [Name in Actor['kind']]: Name } = {
  USER: 'USER',
  API_KEY: 'API_KEY',
  SYSTEM: 'SYSTEM',
};

registerEnumType(AuditActorKind, {
  name: 'AuditActorKind',
  description: 'What kind of actor left an audit event.',
  valuesMap: {
    USER: { description: 'A person.' },
    API_KEY: { description: 'A program with an API key.' },
    SYSTEM: { description: 'Nestor itself.' },
  },
});

@ObjectType({ description: 'Who acted, as known at the time of the event.' })
export class AuditActor {
  @Field(() => AuditActorKind, { description: 'Kind of the actor.' })
  readonly kind: Actor['kind'];

  @Field(() => ID, { description: 'Id of the user or API key.' })
  readonly id: string;

  @Field(() => String, { description: 'E-mail of the user or name of the API key.' })
  readonly name: string;

  constructor(kind: Actor['kind'], id: string, name: string) {
    this.kind = kind;
    this.id = id;
    this.name = name;
  }
}

@ObjectType('AuditEvent', { description: 'One entry of the audit trail: who did what, on what, when, from where.' })
export class AuditEventType {
  @Field(() => ID, { description: 'Id of the event.' })
  readonly id: string;

  @Field(() => Date, { description: 'When it happened.' })
  readonly occurredAt: Date;

  @Field(() => AuditActor, { nullable: true, description: 'Who acted; null when nobody had signed in.' })
  readonly actor: AuditActor | null;

  @Field(() => String, { description: 'What was done, such as `model.create`.' })
  readonly action: string;

  @Field(() => String, { description: 'Kind of the thing acted on, such as `model-version`.' })
  readonly resourceType: string;

  @Field(() => String, { description: 'Which thing of that kind.' })
  readonly resourceId: string;

  @Field(() => AuditOutcomeEnum, { description: 'How it ended.' })
  readonly outcome: AuditOutcome;

  @Field(() => String, {
    nullable: true,
    description: 'Error code that the caller was answered with, where there was one.',
  })
  readonly errorCode: string | null;

  @Field(() => String, { nullable: true, description: 'Network address of the client, where there was one.' })
  readonly address: string | null;

  @Field(() => String, { description: 'Id of the request; logs and answers have the same.' })
  readonly requestId: string;

  @Field(() => GraphQLJSONObject, { nullable: true, description: 'Further facts; never what was sent or answered.' })
  readonly detail: AuditDetail | null;

  @Field(() => ID, { description: 'Id of the hash chain that holds the event.' })
  readonly writerId: string;

  @Field(() => String, { description: 'Place in that chain: 1, 2, 3… without gaps.' })
  readonly sequence: string;

  @Field(() => String, { description: 'SHA-256 over this event and the hash of the one before it, in hexadecimal.' })
  readonly hash: string;

  constructor(event: AuditEventEntity) {
    this.id = event.id;
    this.occurredAt = event.occurredAt;
    this.actor =
      event.actorKind === null ? null : new AuditActor(event.actorKind, event.actorId ?? '', event.actorName ?? '');
    this.action = event.action;
    this.resourceType = event.resourceType;
    this.resourceId = event.resourceId;
    this.outcome = event.outcome;
    this.errorCode = event.errorCode;
    this.address = event.address;
    this.requestId = event.requestId;
    this.detail = event.detail;
    this.writerId = event.writerId;
    this.sequence = event.sequence;
    this.hash = event.hash.toString('hex');
  }
}

@ObjectType({ description: 'A page of audit events, newest first.' })
export class AuditEventConnection extends connectionOf(AuditEventType, 'AuditEvent') {}

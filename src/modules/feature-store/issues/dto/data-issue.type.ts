import { Field, ID, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import { IsIn, IsOptional, IsString, Matches, MaxLength } from 'class-validator';
import { GraphQLJSONObject } from 'graphql-scalars';
import { connectionOf } from '../../../../common/graphql/connection.js';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../../registry/names.rules.js';
import { enumOf } from '../../sources/dto/data-source.enums.js';
import {
  type DataIssueEvidence,
  type DataIssueKind,
  dataIssueKinds,
  type DataIssueStatus,
  dataIssueStatuses,
} from '../data-issue.js';
import type { DataIssueEntity } from '../entities/data-issue.entity.js';

/** Longest note, in UTF-16 code units. */
const MAX_NOTE = 10_000;

const DataIssueKindEnum: { readonly [Name in DataIssueKind]: Name } = enumOf(dataIssueKinds);
const DataIssueStatusEnum: { readonly [Name in DataIssueStatus]: Name } = enumOf(dataIssueStatuses);

registerEnumType(DataIssueKindEnum, {
  name: 'DataIssueKind',
  description: 'What found an issue.',
  valuesMap: {
    QUALITY: { description: 'Measured quality of a data source: a dimension is below its threshold.' },
    PARITY: { description: 'Features that are served online are not those that the offline data gives.' },
  },
});

registerEnumType(DataIssueStatusEnum, {
  name: 'DataIssueStatus',
  description: 'Where a data issue stands.',
  valuesMap: {
    OPEN: { description: 'It was found, and nobody has acknowledged it.' },
    ACKNOWLEDGED: { description: 'Somebody knows of it.' },
    RESOLVED: { description: 'It is no longer found.' },
  },
});

@InputType({ description: 'Which data issues to list; what is left out does not matter.' })
export class DataIssueFilter {
  @Field(() => [DataIssueStatusEnum], { nullable: true, description: 'Where they stand.' })
  @IsOptional()
  @IsIn(dataIssueStatuses, { each: true })
  status?: DataIssueStatus[] | null;

  @Field(() => DataIssueKindEnum, { nullable: true, description: 'What found them.' })
  @IsOptional()
  @IsIn(dataIssueKinds)
  kind?: DataIssueKind | null;

  @Field(() => String, { nullable: true, description: 'Name of the data source.' })
  @IsOptional()
  @IsString()
  source?: string | null;
}

@InputType({ description: 'An acknowledgement of a data issue.' })
export class AcknowledgeDataIssueInput {
  @Field(() => ID, { description: 'Id of the issue.' })
  @IsString()
  id!: string;

  @Field(() => String, { nullable: true, description: 'What to say of it.' })
  @IsOptional()
  @MaxLength(MAX_NOTE)
  @Matches(STORABLE_TEXT, { message: `note ${STORABLE_TEXT_RULE}` })
  note?: string | null;
}

@ObjectType('DataIssue', {
  description: 'Something that is wrong with data. It is opened once, and resolved when it is no longer found.',
})
export class DataIssueType {
  @Field(() => ID, { description: 'Id of the issue.' })
  readonly id: string;

  @Field(() => DataIssueKindEnum, { description: 'What found it.' })
  readonly kind: DataIssueKind;

  @Field(() => DataIssueStatusEnum, { description: 'Where it stands.' })
  readonly status: DataIssueStatus;

  @Field(() => String, { description: 'What it is about: `data-source` or `feature-view`.' })
  readonly subjectType: string;

  @Field(() => ID, { description: 'Id of what it is about.' })
  readonly subjectId: string;

  @Field(() => String, { description: 'Name of what it is about.' })
  readonly subject: string;

  @Field(() => String, { description: 'What is wrong with it, such as `COMPLETENESS of age`.' })
  readonly aspect: string;

  @Field(() => String, { description: 'What was expected, and what is.' })
  readonly message: string;

  @Field(() => GraphQLJSONObject, { description: 'What shows it, as it was found last.' })
  readonly evidence: DataIssueEvidence;

  @Field(() => Date, { description: 'When it was found first.' })
  readonly openedAt: Date;

  @Field(() => Date, { description: 'When it was found last.' })
  readonly seenAt: Date;

  @Field(() => Date, { nullable: true, description: 'When it was acknowledged.' })
  readonly acknowledgedAt: Date | null;

  @Field(() => ID, { nullable: true, description: 'Id of who acknowledged it.' })
  readonly acknowledgedBy: string | null;

  @Field(() => String, { nullable: true, description: 'What they say of it.' })
  readonly note: string | null;

  @Field(() => Date, { nullable: true, description: 'When it was no longer found.' })
  readonly resolvedAt: Date | null;

  constructor(issue: DataIssueEntity) {
    this.id = issue.id;
    this.kind = issue.kind;
    this.status = statusOf(issue);
    this.subjectType = issue.subjectType;
    this.subjectId = issue.subjectId;
    this.subject = issue.subjectName;
    this.aspect = issue.aspect;
    this.message = issue.message;
    this.evidence = issue.evidence;
    this.openedAt = issue.openedAt;
    this.seenAt = issue.seenAt;
    this.acknowledgedAt = issue.acknowledgedAt;
    this.acknowledgedBy = issue.acknowledgedBy;
    this.note = issue.note;
    this.resolvedAt = issue.resolvedAt;
  }
}

@ObjectType({ description: 'A page of data issues, newest first.' })
export class DataIssueConnection extends connectionOf(DataIssueType, 'DataIssue') {}

function statusOf({ resolvedAt, acknowledgedAt }: DataIssueEntity): DataIssueStatus {
  if (resolvedAt !== null) return 'RESOLVED';
  return acknowledgedAt === null ? 'OPEN' : 'ACKNOWLEDGED';
}

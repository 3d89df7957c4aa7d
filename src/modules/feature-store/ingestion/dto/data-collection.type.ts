import { Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { IsOptional, IsString } from 'class-validator';
import type { ErrorCode } from '../../../../common/errors/error-table.js';
import { connectionOf } from '../../../../common/graphql/connection.js';
import { enumOf } from '../../sources/dto/data-source.enums.js';
import {
  type ValidationReport,
  type ValidationRule,
  validationRules,
  type Violation,
  type ViolationSample,
} from '../../validation/validation-report.js';
import {
  type CollectionPhase,
  collectionPhases,
  type CollectionStatus,
  collectionStatuses,
} from '../collection-state.js';
import type { DataCollectionEntity } from '../entities/data-collection.entity.js';

const DataCollectionStatus: { readonly [Name in CollectionStatus]: Name } = enumOf(collectionStatuses);
const DataCollectionPhase: { readonly [Name in CollectionPhase]: Name } = enumOf(collectionPhases);
export const ValidationRuleEnum: { readonly [Name in ValidationRule]: Name } = enumOf(validationRules);

registerEnumType(DataCollectionStatus, {
  name: 'DataCollectionStatus',
  description: 'State of a collection.',
  valuesMap: {
    QUEUED: { description: 'It waits: for a worker, for its source, or for another attempt.' },
    RUNNING: { description: 'A worker has it.' },
    SUCCEEDED: { description: 'The rows that were taken are a snapshot.' },
    REJECTED: { description: 'The rows are not as the schema says, and the policy refuses them.' },
    FAILED: { description: 'It could not be done; `error` says why.' },
    CANCELLED: { description: 'It was given up when somebody asked for that.' },
  },
});

registerEnumType(DataCollectionPhase, {
  name: 'DataCollectionPhase',
  description: 'What a running collection is at.',
  valuesMap: {
    READING: { description: 'Its data is read.' },
    VALIDATING: { description: 'Its rows are checked.' },
    WRITING: { description: 'Its snapshot is written.' },
  },
});

registerEnumType(ValidationRuleEnum, {
  name: 'ValidationRule',
  description: 'What can be wrong with a batch.',
  valuesMap: {
    MISSING_COLUMN: { description: 'A column of the schema is not there.' },
    EXTRA_COLUMN: { description: 'A column is there that the schema does not have; it is not taken.' },
    TYPE: { description: 'A value is not of its type.' },
    NULL: { description: 'A value is missing.' },
    NOT_FINITE: { description: 'A number is not a number, or infinite.' },
    RANGE: { description: 'A number is below the minimum or above the maximum.' },
    ALLOWED_VALUES: { description: 'A value is none of those that are allowed.' },
    PATTERN: { description: 'A text does not match the pattern.' },
    FUTURE: { description: 'An event time lies in the future.' },
    DUPLICATE_KEY: { description: 'Another row has the same key; of such rows one is right.' },
    DUPLICATE_ROW: { description: 'Another row is equal; of such rows one is right.' },
    STALE: { description: 'The newest event is older than the schema allows.' },
  },
});

@InputType({ description: 'A collection to be done.' })
export class CollectDataSourceInput {
  @Field(() => String, { description: 'Name of the source.' })
  @IsString()
  source!: string;

  @Field(() => ID, {
    nullable: true,
    description: 'Digest of the file, uploaded by PUT /api/artifacts. Only for sources that are told their files.',
  })
  @IsOptional()
  @IsString()
  artifact?: string | null;
}

@InputType({ description: 'A collection to be given up.' })
export class CancelDataCollectionInput {
  @Field(() => ID, { description: 'Id of the collection.' })
  @IsString()
  id!: string;
}

@ObjectType('ViolationSample', { description: 'A value that broke a rule.' })
export class ViolationSampleType implements ViolationSample {
  @Field(() => Float, { description: 'Number of the row, from 1; 0 where the rule is of all rows.' })
  row!: number;

  @Field(() => String, {
    nullable: true,
    description: 'The value as it came; null where it is, or is not to be shown.',
  })
  value!: string | null;
}

@ObjectType('Violation', { description: 'A rule that was broken.' })
export class ViolationType implements Violation {
  @Field(() => ValidationRuleEnum, { description: 'The rule.' })
  rule!: ValidationRule;

  @Field(() => String, {
    nullable: true,
    description: 'The column; null where the rule is not one of a single column.',
  })
  column!: string | null;

  @Field(() => Float, { description: 'How many rows broke it.' })
  rows!: number;

  @Field(() => [ViolationSampleType], { description: 'Some of these rows.' })
  samples!: ViolationSampleType[];
}

@ObjectType('ValidationReport', { description: 'What was found when a batch was checked.' })
export class ValidationReportType implements ValidationReport {
  @Field(() => Float, { description: 'Rows of the batch.' })
  rowsRead!: number;

  @Field(() => Float, { description: 'Rows that broke a rule.' })
  rowsInvalid!: number;

  @Field(() => [ViolationType], { description: 'The rules that were broken.' })
  violations!: ViolationType[];
}

@ObjectType({ description: 'Why a collection, or its last attempt, came to nothing.' })
export class DataCollectionError {
  @Field(() => String, { description: 'Code of the error table, such as `INVALID_FILE`.' })
  code!: ErrorCode;

  @Field(() => String, { description: 'What was wrong, where, and what to do.' })
  message!: string;
}

@ObjectType('DataCollection', { description: 'A batch of a data source, on its way to a snapshot.' })
export class DataCollectionType {
  @Field(() => ID, { description: 'Id of the collection.' })
  readonly id: string;

  @Field(() => DataCollectionStatus, { description: 'Its state.' })
  readonly status: CollectionStatus;

  @Field(() => DataCollectionPhase, { nullable: true, description: 'What it is at while it runs.' })
  readonly phase: CollectionPhase | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Digest of the file; null where the source fetches what there is. Where no snapshot came of it, it is deleted after some ' +
      'days, unless something else uses it.',
  })
  readonly artifact: string | null;

  @Field(() => Int, { description: 'Attempts so far.' })
  readonly attempts: number;

  @Field(() => Float, { nullable: true, description: 'Rows that were read; null until they are.' })
  readonly rowsRead: number | null;

  @Field(() => Float, { nullable: true, description: 'Rows that are in the snapshot; null until it ended.' })
  readonly rowsAccepted: number | null;

  @Field(() => Float, { nullable: true, description: 'Rows that were left out and kept aside; null until it ended.' })
  readonly rowsQuarantined: number | null;

  @Field(() => Float, { description: 'Rows of these that were replayed since and are in a later snapshot.' })
  readonly rowsReplayed: number;

  @Field(() => ID, { nullable: true, description: 'The collection whose rows in quarantine this one takes again.' })
  readonly replayOf: string | null;

  @Field(() => ID, {
    nullable: true,
    description:
      'Digest of a Parquet file with these rows as they came, their numbers and the rules that they broke. It is deleted some ' +
      'days after all of them were replayed.',
  })
  readonly quarantine: string | null;

  @Field(() => ValidationReportType, { nullable: true, description: 'What was found when its rows were checked.' })
  readonly report: ValidationReport | null;

  @Field(() => Int, { nullable: true, description: 'Number of the snapshot that has its rows.' })
  readonly snapshotVersion: number | null;

  @Field(() => Boolean, {
    nullable: true,
    description: 'Whether that snapshot was there before, because it has the same rows.',
  })
  readonly isUnchanged: boolean | null;

  @Field(() => DataCollectionError, { nullable: true, description: 'Why it, or its last attempt, came to nothing.' })
  readonly error: DataCollectionError | null;

  @Field(() => Date, { description: 'When it was asked for.' })
  readonly createdAt: Date;

  @Field(() => Date, { nullable: true, description: 'When a worker first took it on.' })
  readonly startedAt: Date | null;

  @Field(() => Date, { nullable: true, description: 'When it ended.' })
  readonly endedAt: Date | null;

  constructor(run: DataCollectionEntity) {
    this.id = run.id;
    this.status = run.status;
    this.phase = run.phase;
    this.artifact = run.inputDigest;
    this.attempts = run.attempts;
    this.rowsRead = run.rowsRead;
    this.rowsAccepted = run.rowsAccepted;
    this.rowsQuarantined = run.rowsQuarantined;
    this.rowsReplayed = run.rowsReplayed;
    this.replayOf = run.replayOf;
    this.quarantine = run.quarantineDigest;
    this.report = run.report;
    this.snapshotVersion = run.snapshotVersion;
    this.isUnchanged = run.isUnchanged;
    this.error = run.errorCode === null ? null : { code: run.errorCode, message: run.errorMessage ?? '' };
    this.createdAt = run.createdAt;
    this.startedAt = run.startedAt;
    this.endedAt = run.endedAt;
  }
}

@ObjectType({ description: 'A page of collections, newest first.' })
export class DataCollectionConnection extends connectionOf(DataCollectionType, 'DataCollection') {}

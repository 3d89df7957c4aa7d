import { Field, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { ErrorCode } from '../../../../common/errors/error-table.js';
import { connectionOf } from '../../../../common/graphql/connection.js';
import type { InferenceJobRecord } from '../inference-job.js';
import { type JobStatus, jobStatuses } from '../job-state.rules.js';

/** States of a job as a GraphQL enum. */
export const InferenceJobStatus = Object.fromEntries(jobStatuses.map((status) => [status, status])) as {
  readonly [Name in JobStatus]: Name;
};

registerEnumType(InferenceJobStatus, {
  name: 'InferenceJobStatus',
  description: 'State of a queued inference.',
  valuesMap: {
    QUEUED: { description: 'Waits for a worker, or for its next attempt.' },
    RUNNING: { description: 'A worker has it.' },
    SUCCEEDED: { description: 'Ended; `result` holds the answer.' },
    FAILED: { description: 'Ended, as its input or model is at fault: `error` says why.' },
    CANCELLED: { description: 'Was cancelled before it ended.' },
    DEAD: { description: 'Ended, as its attempts are used up: the dead-letter state. It can be retried.' },
  },
});

@ObjectType({ description: 'Why an attempt of a job failed.' })
export class InferenceJobError {
  @Field(() => String, { description: 'Code of the error table, such as `MODEL_RUN_FAILED`.' })
  code!: ErrorCode;

  @Field(() => String, { description: 'What was wrong, and what to do.' })
  message!: string;
}

/** What clients see of a job; its result is resolved apart. */
@ObjectType({ description: 'A queued inference.' })
export class InferenceJob {
  @Field(() => ID, { description: 'Id of the job.' })
  readonly id: string;

  @Field(() => InferenceJobStatus, { description: 'State of the job.' })
  readonly status: JobStatus;

  @Field(() => String, { description: 'Name of the model.' })
  readonly model: string;

  @Field(() => Int, { description: 'Version of the model, chosen when the job was submitted.' })
  readonly version: number;

  @Field(() => String, {
    nullable: true,
    description: 'Name of the deployment that chose model and version when the job was submitted, if any.',
  })
  readonly deployment: string | null;

  @Field(() => String, { nullable: true, description: 'Name of the variant of the deployment that was chosen.' })
  readonly variant: string | null;

  @Field(() => Int, { description: 'From 0 to 9; higher ones run first.' })
  readonly priority: number;

  @Field(() => Int, { description: 'Attempts that were begun.' })
  readonly attempts: number;

  @Field(() => Int, { description: 'Attempts that are made at most.' })
  readonly maxAttempts: number;

  @Field(() => Int, { description: 'Time allowed for one attempt, in milliseconds.' })
  readonly timeoutMs: number;

  @Field(() => ID, { description: "The caller's id of the request, or the one that it was given." })
  readonly requestId: string;

  @Field(() => String, { nullable: true, description: 'The key under which a repeated submission finds this job.' })
  readonly idempotencyKey: string | null;

  @Field(() => InferenceJobError, { nullable: true, description: 'Why the last attempt failed.' })
  readonly error: InferenceJobError | null;

  @Field(() => Date, { description: 'When it was submitted.' })
  readonly createdAt: Date;

  @Field(() => Date, { description: 'While it waits: when its next attempt may begin.' })
  readonly availableAt: Date;

  @Field(() => Date, { nullable: true, description: 'When its first attempt began.' })
  readonly startedAt: Date | null;

  @Field(() => Date, { nullable: true, description: 'When it ended.' })
  readonly endedAt: Date | null;

  constructor(readonly record: InferenceJobRecord) {
    this.id = record.id;
    this.status = record.status;
    this.model = record.model;
    this.version = record.version;
    this.deployment = record.deployment;
    this.variant = record.variant;
    this.priority = record.priority;
    this.attempts = record.attempts;
    this.maxAttempts = record.maxAttempts;
    this.timeoutMs = record.timeoutMs;
    this.requestId = record.requestId;
    this.idempotencyKey = record.idempotencyKey;
    const { errorCode: code, errorMessage } = record;
    this.error = code === null ? null : { code, message: errorMessage ?? '' };
    this.createdAt = record.createdAt;
    this.availableAt = record.availableAt;
    this.startedAt = record.startedAt;
    this.endedAt = record.endedAt;
  }
}

@ObjectType({ description: 'A page of queued inferences, newest first.' })
export class InferenceJobConnection extends connectionOf(InferenceJob, 'InferenceJob') {}

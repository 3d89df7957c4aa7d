import { Field, Float, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { ErrorCode } from '../../../../common/errors/error-table.js';
import { connectionOf } from '../../../../common/graphql/connection.js';
import { enumOf } from '../../sources/dto/data-source.enums.js';
import type { FeatureMaterializationEntity } from '../entities/feature-materialization.entity.js';
import {
  type MaterializationKind,
  materializationKinds,
  type MaterializationStatus,
  materializationStatuses,
} from '../materialization-state.js';

const FeatureMaterializationStatus: { readonly [Name in MaterializationStatus]: Name } =
  enumOf(materializationStatuses);
const FeatureMaterializationKind: { readonly [Name in MaterializationKind]: Name } = enumOf(materializationKinds);

registerEnumType(FeatureMaterializationStatus, {
  name: 'FeatureMaterializationStatus',
  description: 'State of a materialization.',
  valuesMap: {
    QUEUED: { description: 'It waits: for a worker, for its view, or for another attempt.' },
    RUNNING: { description: 'A worker has it.' },
    SUCCEEDED: { description: 'Its rows are online.' },
    FAILED: { description: 'It could not be done; `error` says why. Some of its rows may be online.' },
    CANCELLED: { description: 'It was cancelled. Some of its rows may be online.' },
  },
});

registerEnumType(FeatureMaterializationKind, {
  name: 'FeatureMaterializationKind',
  description: 'Which rows a materialization brings.',
  valuesMap: {
    FULL: { description: 'Those of an interval.' },
    INCREMENTAL: { description: 'Those since the newest that were brought before.' },
  },
});

@ObjectType({ description: 'Why a materialization, or its last attempt, came to nothing.' })
export class FeatureMaterializationError {
  @Field(() => String, { description: 'Code of the error table, such as `CONFLICT`.' })
  code!: ErrorCode;

  @Field(() => String, { description: 'What was wrong, where, and what to do.' })
  message!: string;
}

@ObjectType('MaterializedSnapshot', { description: 'A snapshot that a materialization reads.' })
export class MaterializedSnapshotType {
  @Field(() => ID, { description: 'Id of the data source.' })
  sourceId!: string;

  @Field(() => Int, { description: 'Version of the snapshot.' })
  version!: number;
}

@ObjectType('FeatureMaterialization', { description: 'Rows of a version of a feature view, on their way online.' })
export class FeatureMaterializationType {
  @Field(() => ID, { description: 'Id of the materialization.' })
  readonly id: string;

  @Field(() => String, { description: 'Name of the view.' })
  readonly view: string;

  @Field(() => Int, { description: 'Version of the view.' })
  readonly version: number;

  @Field(() => FeatureMaterializationKind, { description: 'Which rows it brings.' })
  readonly kind: MaterializationKind;

  @Field(() => Date, {
    nullable: true,
    description:
      'Least event time of its rows, inclusive; null for none. Of an incremental one it is null until it runs.',
  })
  readonly from: Date | null;

  @Field(() => Date, { description: 'Greatest event time of its rows, inclusive.' })
  readonly to: Date;

  @Field(() => FeatureMaterializationStatus, { description: 'Its state.' })
  readonly status: MaterializationStatus;

  @Field(() => Int, { description: 'Attempts so far.' })
  readonly attempts: number;

  @Field(() => [MaterializedSnapshotType], {
    nullable: true,
    description: 'The snapshots that have its rows, the oldest first; null until it runs.',
  })
  readonly snapshots: readonly MaterializedSnapshotType[] | null;

  @Field(() => Float, { description: 'Entities whose newest row was read so far.' })
  readonly rowsRead: number;

  @Field(() => Float, { description: 'Of these rows those that are online now; of the others newer ones were.' })
  readonly rowsWritten: number;

  @Field(() => FeatureMaterializationError, {
    nullable: true,
    description: 'Why it, or its last attempt, came to nothing.',
  })
  readonly error: FeatureMaterializationError | null;

  @Field(() => Date, { description: 'When it was asked for.' })
  readonly createdAt: Date;

  @Field(() => Date, { nullable: true, description: 'When a worker first took it on.' })
  readonly startedAt: Date | null;

  @Field(() => Date, { nullable: true, description: 'When it ended.' })
  readonly endedAt: Date | null;

  constructor(run: FeatureMaterializationEntity) {
    this.id = run.id;
    this.view = run.view;
    this.version = run.version;
    this.kind = run.kind;
    this.from = run.fromTime;
    this.to = run.toTime;
    this.status = run.status;
    this.attempts = run.attempts;
    this.snapshots = run.snapshots;
    this.rowsRead = run.rowsRead;
    this.rowsWritten = run.rowsWritten;
    this.error = run.errorCode === null ? null : { code: run.errorCode, message: run.errorMessage ?? '' };
    this.createdAt = run.createdAt;
    this.startedAt = run.startedAt;
    this.endedAt = run.endedAt;
  }
}

@ObjectType({ description: 'A page of materializations, newest first.' })
export class FeatureMaterializationConnection extends connectionOf(
  FeatureMaterializationType,
  'FeatureMaterialization',
) {}

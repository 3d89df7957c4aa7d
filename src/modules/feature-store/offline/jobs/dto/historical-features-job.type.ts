import { Field, Float, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { GraphQLJSONObject } from 'graphql-scalars';
import type { ErrorCode } from '../../../../../common/errors/error-table.js';
import { connectionOf } from '../../../../../common/graphql/connection.js';
import type { ServiceFeature } from '../../../definitions/feature-service.js';
import { enumOf } from '../../../sources/dto/data-source.enums.js';
import {
  type HistoricalFeaturesJob,
  type HistoricalFeaturesPhase,
  historicalFeaturesPhases,
  type HistoricalFeaturesStatus,
  historicalFeaturesStatuses,
  type LabelsReference,
  type PreviewRow,
} from '../historical-features-job.js';
import { UsedSnapshotType } from './used-snapshot.type.js';

export const HistoricalFeaturesStatusEnum: { readonly [Name in HistoricalFeaturesStatus]: Name } =
  enumOf(historicalFeaturesStatuses);
const HistoricalFeaturesPhaseEnum: { readonly [Name in HistoricalFeaturesPhase]: Name } =
  enumOf(historicalFeaturesPhases);

registerEnumType(HistoricalFeaturesStatusEnum, {
  name: 'HistoricalFeaturesStatus',
  description: 'State of a job that gets historical features.',
  valuesMap: {
    QUEUED: { description: 'It waits, for a worker or for another attempt.' },
    RUNNING: { description: 'A worker has it.' },
    SUCCEEDED: { description: 'Its result can be downloaded.' },
    FAILED: { description: 'It could not be done; `error` says why.' },
    CANCELLED: { description: 'Was cancelled before it ended.' },
  },
});

registerEnumType(HistoricalFeaturesPhaseEnum, {
  name: 'HistoricalFeaturesPhase',
  description: 'What a running job is at.',
  valuesMap: {
    READING_LABELS: { description: 'The rows that get features are read and checked.' },
    READING_VIEWS: { description: 'The rows of the feature views are fetched, and transformations learn from them.' },
    JOINING: { description: 'Features are joined to the labels.' },
    STORING: { description: 'The result is stored.' },
  },
});

@ObjectType('HistoricalFeature', { description: 'A column of the result that is a feature.' })
export class HistoricalFeatureType {
  @Field(() => String, { description: 'Its name in the result.' })
  readonly name: string;

  @Field(() => String, { description: 'Name of its feature view.' })
  readonly view: string;

  @Field(() => Int, { description: 'Version of the view.' })
  readonly viewVersion: number;

  @Field(() => String, { description: 'Its name in the view.' })
  readonly feature: string;

  constructor({ as, view, viewVersion, feature }: ServiceFeature) {
    this.name = as;
    this.view = view;
    this.viewVersion = viewVersion;
    this.feature = feature;
  }
}

@ObjectType('HistoricalFeaturesLabels', { description: 'The rows that get features.' })
export class HistoricalFeaturesLabelsType {
  @Field(() => ID, {
    nullable: true,
    description: 'Digest of their file; of rows that came with the request, as NDJSON. Null where they are a snapshot.',
  })
  readonly artifact: string | null;

  @Field(() => UsedSnapshotType, { nullable: true, description: 'The snapshot that they are, if they are one.' })
  readonly snapshot: UsedSnapshotType | null;

  constructor(labels: LabelsReference) {
    this.artifact = labels.kind === 'FILE' ? labels.digest : null;
    this.snapshot = labels.kind === 'SNAPSHOT' ? new UsedSnapshotType(labels) : null;
  }
}

@ObjectType('HistoricalFeaturesService', { description: 'The version of a feature service that was asked for.' })
export class HistoricalFeaturesServiceType {
  @Field(() => String, { description: 'Name of the service.' })
  name!: string;

  @Field(() => Int, { description: 'Number of its version.' })
  version!: number;
}

@ObjectType({ description: 'Why a job, or its last attempt, came to nothing.' })
export class HistoricalFeaturesError {
  @Field(() => String, { description: 'Code of the error table, such as `INVALID_INPUT`.' })
  code!: ErrorCode;

  @Field(() => String, { description: 'What was wrong, where, and what to do.' })
  message!: string;
}

@ObjectType('HistoricalFeaturesJob', {
  description:
    'Rows, on their way to a training set: to each are joined the features as they were known at its moment.',
})
export class HistoricalFeaturesJobType {
  @Field(() => ID, { description: 'Id of the job.' })
  readonly id: string;

  @Field(() => HistoricalFeaturesStatusEnum, { description: 'Its state.' })
  readonly status: HistoricalFeaturesStatus;

  @Field(() => HistoricalFeaturesPhaseEnum, { nullable: true, description: 'What it is at while it runs.' })
  readonly phase: HistoricalFeaturesPhase | null;

  @Field(() => Int, { description: 'Attempts so far.' })
  readonly attempts: number;

  @Field(() => HistoricalFeaturesServiceType, {
    nullable: true,
    description: 'The feature service; null where features were named one by one.',
  })
  readonly service: HistoricalFeaturesServiceType | null;

  @Field(() => [HistoricalFeatureType], { description: 'The features, in the order of the result.' })
  readonly features: readonly HistoricalFeatureType[];

  @Field(() => HistoricalFeaturesLabelsType, { description: 'The rows that get them.' })
  readonly labels: HistoricalFeaturesLabelsType;

  @Field(() => String, { description: 'Column of the labels with the moment at which each looks at the features.' })
  readonly eventTimeColumn: string;

  @Field(() => [UsedSnapshotType], {
    description: 'The snapshots that the feature views are read at: the newest of each source when this was asked for.',
  })
  readonly snapshots: readonly UsedSnapshotType[];

  @Field(() => ID, {
    nullable: true,
    description:
      'Digest of the result, a Parquet file with the columns of the labels and the features, in the order of the labels; ' +
      'GET /api/artifacts/<digest> downloads it. Null until the job has succeeded.',
  })
  readonly artifact: string | null;

  @Field(() => Float, { nullable: true, description: 'Size of that file, in bytes.' })
  readonly sizeBytes: number | null;

  @Field(() => Float, { nullable: true, description: 'Rows of the result: as many as the labels have.' })
  readonly rowCount: number | null;

  @Field(() => [GraphQLJSONObject], {
    description: 'The first 20 rows of the result, with at most 200 columns and 200 characters of each text.',
  })
  readonly preview: readonly PreviewRow[];

  @Field(() => HistoricalFeaturesError, {
    nullable: true,
    description: 'Why it, or its last attempt, came to nothing.',
  })
  readonly error: HistoricalFeaturesError | null;

  @Field(() => Date, { description: 'When it was asked for.' })
  readonly createdAt: Date;

  @Field(() => Date, { nullable: true, description: 'When a worker first took it on.' })
  readonly startedAt: Date | null;

  @Field(() => Date, { nullable: true, description: 'When it ended.' })
  readonly endedAt: Date | null;

  constructor(job: HistoricalFeaturesJob) {
    this.id = job.id;
    this.status = job.status;
    this.phase = job.phase;
    this.attempts = job.attempts;
    this.service = job.service;
    this.features = job.features.map((feature) => new HistoricalFeatureType(feature));
    this.labels = new HistoricalFeaturesLabelsType(job.labels);
    this.eventTimeColumn = job.eventTimeColumn;
    this.snapshots = job.snapshots.map((snapshot) => new UsedSnapshotType(snapshot));
    this.artifact = job.result?.resultDigest ?? null;
    this.sizeBytes = job.result?.sizeBytes ?? null;
    this.rowCount = job.result?.rowCount ?? null;
    this.preview = job.result?.preview ?? [];
    this.error = job.errorCode === null ? null : { code: job.errorCode, message: job.errorMessage ?? '' };
    this.createdAt = job.createdAt;
    this.startedAt = job.startedAt;
    this.endedAt = job.endedAt;
  }
}

@ObjectType({ description: 'A page of jobs that get historical features, newest first.' })
export class HistoricalFeaturesJobConnection extends connectionOf(HistoricalFeaturesJobType, 'HistoricalFeaturesJob') {}

import { Field, Float, ID, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import type { ErrorCode } from '../../../../common/errors/error-table.js';
import { connectionOf } from '../../../../common/graphql/connection.js';
import { type BatchStatus, batchStatuses } from '../batch-state.rules.js';
import { type FileFormat, fileFormats } from '../file-format.rules.js';

/** The values of a list as the enum object that GraphQL takes. */
const enumOf = <Name extends string>(names: readonly Name[]) =>
  Object.fromEntries(names.map((name) => [name, name])) as { readonly [Key in Name]: Key };

export const BatchInferenceStatus: { readonly [Name in BatchStatus]: Name } = enumOf(batchStatuses);
export const BatchFileFormat: { readonly [Name in FileFormat]: Name } = enumOf(fileFormats);

registerEnumType(BatchInferenceStatus, {
  name: 'BatchInferenceStatus',
  description: 'State of a batch inference.',
  valuesMap: {
    QUEUED: { description: 'Waits for a worker, or for another attempt to split its file.' },
    SPLITTING: { description: 'The file is read once, to find its rows and whatever is wrong with it.' },
    RUNNING: { description: 'Its chunks are run.' },
    ASSEMBLING: { description: 'All rows are done; the output is written.' },
    SUCCEEDED: { description: 'Ended; `output` is there. Rows may have failed: see `rowsFailed`.' },
    FAILED: { description: 'Ended without an output: `error` says why. It can be retried.' },
    CANCELLED: { description: 'Was cancelled before it ended. It can be retried.' },
  },
});

registerEnumType(BatchFileFormat, {
  name: 'BatchFileFormat',
  description: 'Format of the file of a batch inference.',
  valuesMap: {
    CSV: { description: 'Comma-separated UTF-8 text with a header (RFC 4180).' },
    NDJSON: { description: 'One JSON object a line.' },
    PARQUET: { description: 'Apache Parquet.' },
  },
});

@ObjectType({ description: 'The output file of a batch inference.' })
export class BatchOutput {
  @Field(() => ID, { description: 'Digest of the file, an artifact of the workspace.' })
  digest!: string;

  @Field(() => Float, { description: 'Size of the file, in bytes.' })
  sizeBytes!: number;

  @Field(() => String, {
    description: 'Where GET downloads it: a URL where NESTOR_PUBLIC_URL is set, else the path on this server.',
  })
  url!: string;
}

@ObjectType({ description: 'Why a batch inference, or its last attempt at a step, failed.' })
export class BatchInferenceError {
  @Field(() => String, { description: 'Code of the error table, such as `INVALID_FILE`.' })
  code!: ErrorCode;

  @Field(() => String, { description: 'What was wrong, where, and what to do.' })
  message!: string;
}

@ObjectType({ description: 'An inference of all rows of a file.' })
export class BatchInference {
  @Field(() => ID, { description: 'Id of the batch.' })
  id!: string;

  @Field(() => BatchInferenceStatus, { description: 'State of the batch.' })
  status!: BatchStatus;

  @Field(() => String, { description: 'Name of the model.' })
  model!: string;

  @Field(() => Int, { description: 'Version of the model, chosen when the batch was submitted.' })
  version!: number;

  @Field(() => ID, { description: 'Digest of the input file.' })
  input!: string;

  @Field(() => BatchFileFormat, { description: 'Format of the input file.' })
  format!: FileFormat;

  @Field(() => BatchFileFormat, { description: 'Format of the output file.' })
  outputFormat!: FileFormat;

  @Field(() => Boolean, { description: "Whether the input's columns are passed through to the output." })
  includeInput!: boolean;

  @Field(() => Int, { description: 'Most rows that are run as one job.' })
  chunkRows!: number;

  @Field(() => Int, { description: 'From 0 to 9; higher ones run first.' })
  priority!: number;

  @Field(() => String, { nullable: true, description: 'The key under which a repeated submission finds this batch.' })
  idempotencyKey!: string | null;

  @Field(() => Int, { nullable: true, description: 'Rows of the file; null until the file is split.' })
  rowsTotal!: number | null;

  @Field(() => Int, { description: 'Rows that are done, failed ones included.' })
  rowsDone!: number;

  @Field(() => Int, { description: 'Rows that failed; the output says why in their `error` column.' })
  rowsFailed!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Rows done in each second since the chunks began to run; null before the first is done.',
  })
  rowsPerSecond!: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Seconds until the last row is done, at the present rate; null while that cannot be told.',
  })
  secondsLeft!: number | null;

  @Field(() => BatchOutput, { nullable: true, description: 'The output file, once the batch has succeeded.' })
  output!: BatchOutput | null;

  @Field(() => BatchInferenceError, { nullable: true, description: 'Why it, or its last attempt at a step, failed.' })
  error!: BatchInferenceError | null;

  @Field(() => Date, { description: 'When it was submitted.' })
  createdAt!: Date;

  @Field(() => Date, { nullable: true, description: 'When a worker first took it on.' })
  startedAt!: Date | null;

  @Field(() => Date, { nullable: true, description: 'When it ended.' })
  endedAt!: Date | null;
}

@ObjectType({ description: 'A page of batch inferences, newest first.' })
export class BatchInferenceConnection extends connectionOf(BatchInference, 'BatchInference') {}

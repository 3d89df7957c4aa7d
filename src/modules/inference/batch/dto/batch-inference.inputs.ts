import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { IsArray, IsDate, IsOptional, IsString } from 'class-validator';
import { CheckedByHand } from '../../../../common/graphql/input-validation.pipe.js';
import type { BatchStatus } from '../batch-state.rules.js';
import type { BatchSubmission } from '../batch-submission.rules.js';
import type { FileFormat } from '../file-format.rules.js';
import { BatchFileFormat, BatchInferenceStatus } from './batch-inference.type.js';

@CheckedByHand()
@InputType({ description: 'Which file to run through which model, and how.' })
export class SubmitBatchInferenceInput implements BatchSubmission {
  @Field(() => String, { description: 'Name of the registered model. It must take records.' })
  model!: string;

  @Field(() => Int, { nullable: true, description: 'Version of the model. Default: as of `predict`.' })
  version?: number | null;

  @Field(() => String, { nullable: true, description: 'Alias of a version, instead of its number.' })
  alias?: string | null;

  @Field(() => ID, {
    description: 'Digest of the file, uploaded by PUT /api/artifacts. Its columns are those of `predict(records:)`.',
  })
  input!: string;

  @Field(() => BatchFileFormat, { nullable: true, description: 'Format of the file. Default: told by its beginning.' })
  format?: FileFormat | null;

  @Field(() => BatchFileFormat, { nullable: true, description: "Format of the output. Default: the input's." })
  outputFormat?: FileFormat | null;

  @Field(() => Boolean, {
    nullable: true,
    description: "Whether the input's columns are passed through to the output. Default false.",
  })
  includeInput?: boolean | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Most rows that are run as one job, 1 to 100000. Default: as configured.',
  })
  chunkRows?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Submitting again with the same key and the same input answers the first batch instead of a new one.',
  })
  idempotencyKey?: string | null;

  @Field(() => Int, { nullable: true, description: 'From 0 to 9; higher ones run first. Default 0.' })
  priority?: number | null;
}

@InputType({ description: 'Which batch inferences to list: those for which all that is given holds.' })
export class BatchInferenceFilter {
  @Field(() => [BatchInferenceStatus], { nullable: true, description: 'In one of these states.' })
  @IsOptional()
  @IsArray()
  status?: BatchStatus[] | null;

  @Field(() => String, { nullable: true, description: 'Of the model of this name.' })
  @IsOptional()
  @IsString()
  model?: string | null;

  @Field(() => Date, { nullable: true, description: 'Submitted at or after this moment.' })
  @IsOptional()
  @IsDate()
  since?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Submitted before this moment.' })
  @IsOptional()
  @IsDate()
  until?: Date | null;
}

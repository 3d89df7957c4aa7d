import { Field, InputType, Int } from '@nestjs/graphql';
import { IsArray, IsDate, IsInt, IsOptional, IsString, Min } from 'class-validator';
import { CheckedByHand } from '../../../../common/graphql/input-validation.pipe.js';
import { InferenceInput } from '../../prediction/dto/predict.input.js';
import type { JobStatus } from '../job-state.rules.js';
import type { Submission } from '../submission.rules.js';
import { InferenceJobStatus } from './inference-job.type.js';

@CheckedByHand()
@InputType({ description: 'What to predict, with which model, and how it is queued.' })
export class SubmitInferenceInput extends InferenceInput implements Submission {
  @Field(() => Int, { nullable: true, description: 'From 0 to 9; higher ones run first. Default 0.' })
  priority?: number | null;

  @Field(() => Int, { nullable: true, description: 'Attempts before the job is DEAD. Default: as configured.' })
  maxAttempts?: number | null;

  @Field(() => String, {
    nullable: true,
    description: 'Submitting again with the same key and the same input answers the first job instead of a new one.',
  })
  idempotencyKey?: string | null;
}

@InputType({ description: 'Which jobs to list: those for which all that is given holds.' })
export class InferenceJobFilter {
  @Field(() => [InferenceJobStatus], {
    nullable: true,
    description: 'In one of these states; DEAD is the dead letters.',
  })
  @IsOptional()
  @IsArray()
  status?: JobStatus[] | null;

  @Field(() => String, { nullable: true, description: 'Of the model of this name.' })
  @IsOptional()
  @IsString()
  model?: string | null;

  @Field(() => Int, { nullable: true, description: 'Of this version of the model.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  version?: number | null;

  @Field(() => Date, { nullable: true, description: 'Submitted at or after this moment.' })
  @IsOptional()
  @IsDate()
  since?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Submitted before this moment.' })
  @IsOptional()
  @IsDate()
  until?: Date | null;
}

import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { ArrayMaxSize, IsInt, IsString, Matches, Max, Min } from 'class-validator';
import { MODEL_NAME, MODEL_NAME_RULE } from '../../../registry/names.rules.js';

/** Most training sets of one version: each is told with the version, and in the audit trail. */
const MAX_TRAINING_SETS = 20;

@InputType({ description: 'A model version and what it was trained on.' })
export class SetTrainingSetsInput {
  @Field(() => String, { description: 'Name of the registered model.' })
  @Matches(MODEL_NAME, { message: `model ${MODEL_NAME_RULE}` })
  model!: string;

  @Field(() => Int, { description: 'Number of the version.' })
  @IsInt()
  @Min(1)
  @Max(2 ** 31 - 1)
  version!: number;

  @Field(() => [ID], {
    description: `Ids of jobs that got historical features and succeeded, at most ${MAX_TRAINING_SETS}. They take the place of those that the version named before.`,
  })
  @IsString({ each: true })
  @ArrayMaxSize(MAX_TRAINING_SETS)
  trainingSets!: string[];
}

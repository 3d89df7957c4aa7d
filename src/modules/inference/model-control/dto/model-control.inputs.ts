import { ArgsType, Field, InputType, Int } from '@nestjs/graphql';
import { IsBoolean, IsInt, IsOptional, Matches, Max, Min } from 'class-validator';
import { MODEL_NAME, MODEL_NAME_RULE } from '../../../registry/names.rules.js';
import { DEFAULT_WAIT_MS, type VersionChoice } from '../model-control.service.js';

const MAX_WAIT_MS = 600_000;

@InputType({ isAbstract: true })
class VersionChoiceInput implements VersionChoice {
  @Field(() => String, { description: 'Name of the registered model.' })
  @Matches(MODEL_NAME, { message: `model ${MODEL_NAME_RULE}` })
  model!: string;
}

@InputType({ isAbstract: true })
class WaitedChoiceInput extends VersionChoiceInput {
  @Field(() => Int, { defaultValue: DEFAULT_WAIT_MS, description: 'How long it is waited for, in milliseconds.' })
  @IsInt()
  @Min(1)
  @Max(MAX_WAIT_MS)
  timeoutMs!: number;
}

@InputType({ description: 'What to load.' })
export class LoadModelInput extends WaitedChoiceInput {
  @Field(() => Int, {
    nullable: true,
    description:
      'Number of the version. Default: the one that serves by default; those that were unloaded are served again, too.',
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  version?: number | null;
}

@InputType({ description: 'What to unload.' })
export class UnloadModelInput extends WaitedChoiceInput {
  @Field(() => Int, { nullable: true, description: 'Number of the version. Default: all of the model.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  version?: number | null;
}

@InputType({ description: 'What to load when it is asked for.' })
export class LoadOnDemandInput extends VersionChoiceInput {
  @Field(() => Int, { nullable: true, description: 'Number of the version. Default: all of the model.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  version?: number | null;
}

@ArgsType()
export class ModelRepositoryIndexArgs {
  @Field(() => String, { nullable: true, description: 'Only versions of this registered model.' })
  @IsOptional()
  @Matches(MODEL_NAME, { message: `model ${MODEL_NAME_RULE}` })
  model?: string | null;

  @Field(() => Boolean, { defaultValue: false, description: 'Only versions that are ready.' })
  @IsBoolean()
  ready!: boolean;
}

import { ArgsType, Field, InputType, Int } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsBoolean, IsIn, IsInt, IsOptional, IsString, Matches, Min, ValidateNested } from 'class-validator';
import { type ModelStage as Stage, modelStages } from '../model-stage.js';
import { ALIAS_NAME, ALIAS_NAME_RULE, MODEL_NAME, MODEL_NAME_RULE } from '../names.rules.js';
import { ModelMetadataInput } from './model-metadata.input.js';
import { DescriptionField, TagsField } from './described.fields.js';
import { ModelStage } from './registry.enums.js';
import type { TagInput } from './tag.dto.js';

const DIGEST_RULE = 'is `sha256:` and 64 lower-case hexadecimal digits, as the upload answered';

@InputType({ description: 'A version to make of an uploaded artifact.' })
export class CreateModelVersionInput {
  @Field(() => String, { description: 'Name of the registered model.' })
  @Matches(MODEL_NAME, { message: `model ${MODEL_NAME_RULE}` })
  model!: string;

  @Field(() => String, { description: `Digest of the ONNX file, uploaded by PUT /api/artifacts. It ${DIGEST_RULE}.` })
  @Matches(/^sha256:[0-9a-f]{64}$/, { message: `artifact ${DIGEST_RULE}` })
  artifact!: string;

  @DescriptionField('What is new in it')
  description?: string | null;

  @TagsField()
  tags?: TagInput[] | null;

  @Field(() => ModelMetadataInput, { nullable: true, description: 'What the file does not tell of the model.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => ModelMetadataInput)
  metadata?: ModelMetadataInput | null;
}

@InputType({ description: 'An alias to make or move.' })
export class SetModelAliasInput {
  @Field(() => String, { description: 'Name of the registered model.' })
  @IsString()
  model!: string;

  @Field(() => String, { description: `The alias. It ${ALIAS_NAME_RULE}.` })
  @Matches(ALIAS_NAME, { message: `alias ${ALIAS_NAME_RULE}` })
  alias!: string;

  @Field(() => Int, { description: 'Number of the version it shall stand for.' })
  @IsInt()
  @Min(1)
  version!: number;
}

@InputType({ description: 'An alias to remove.' })
export class DeleteModelAliasInput {
  @Field(() => String, { description: 'Name of the registered model.' })
  @IsString()
  model!: string;

  @Field(() => String, { description: 'The alias.' })
  @Matches(ALIAS_NAME, { message: `alias ${ALIAS_NAME_RULE}` })
  alias!: string;
}

@InputType({ description: 'A version and the stage to bring it to.' })
export class TransitionModelVersionInput {
  @Field(() => String, { description: 'Name of the registered model.' })
  @IsString()
  model!: string;

  @Field(() => Int, { description: 'Number of the version.' })
  @IsInt()
  @Min(1)
  version!: number;

  @Field(() => ModelStage, { description: 'The stage. A version that is in it already stays as it is.' })
  @IsIn(modelStages)
  stage!: Stage;

  @Field(() => Boolean, {
    defaultValue: true,
    description:
      'On the way to PRODUCTION: archive what is in PRODUCTION now. Without it several versions may be there, and the one with the highest number is served.',
  })
  @IsBoolean()
  archiveExisting!: boolean;
}

@ArgsType()
export class ModelVersionArgs {
  @Field(() => String, { description: 'Name of the registered model.' })
  @IsString()
  model!: string;

  @Field(() => Int, { description: 'Number of the version.' })
  @IsInt()
  version!: number;
}

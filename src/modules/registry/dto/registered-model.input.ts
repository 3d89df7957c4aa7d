import { ArgsType, Field, InputType, Int } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsIn, IsInt, IsOptional, Length, Matches, Max, Min, ValidateNested } from 'class-validator';
import { PageArgs } from '../../../common/graphql/page.js';
import { type ModelOrderField, modelOrderFields } from '../model-list.js';
import { type ModelStage as Stage, modelStages } from '../model-stage.js';
import { MODEL_NAME, MODEL_NAME_RULE, STORABLE_TEXT, STORABLE_TEXT_RULE } from '../names.rules.js';
import { DescriptionField, TagsField } from './described.fields.js';
import { ModelStage, OrderDirection, RegisteredModelOrderField } from './registry.enums.js';
import { TagInput } from './tag.dto.js';

@InputType({ description: 'A model to register.' })
export class CreateRegisteredModelInput {
  @Field(() => String, { description: `Name, unique in the workspace. It ${MODEL_NAME_RULE}.` })
  @Matches(MODEL_NAME, { message: `name ${MODEL_NAME_RULE}` })
  name!: string;

  @DescriptionField('What the model is for')
  description?: string | null;

  @TagsField()
  tags?: TagInput[] | null;
}

@InputType({ description: 'Which registered models to list: those that fit everything that is given.' })
export class RegisteredModelFilter {
  @Field(() => String, { nullable: true, description: 'Part of the name, in upper or lower case.' })
  @IsOptional()
  @Length(1, 128)
  @Matches(STORABLE_TEXT, { message: `nameContains ${STORABLE_TEXT_RULE}` })
  nameContains?: string | null;

  @Field(() => [TagInput], { nullable: true, description: 'All of these labels, with these values: at most 16.' })
  @IsOptional()
  @ArrayMaxSize(16)
  @ValidateNested({ each: true })
  @Type(() => TagInput)
  tags?: TagInput[] | null;

  @Field(() => ModelStage, { nullable: true, description: 'At least one version in this stage.' })
  @IsOptional()
  @IsIn(modelStages)
  stage?: Stage | null;
}

@InputType({ description: 'Order of a list of registered models.' })
export class RegisteredModelOrder {
  @Field(() => RegisteredModelOrderField, { defaultValue: 'NAME', description: 'What to order by.' })
  @IsIn(modelOrderFields)
  field!: ModelOrderField;

  @Field(() => OrderDirection, { defaultValue: 'ASC', description: 'Which end comes first.' })
  @IsIn(['ASC', 'DESC'])
  direction!: 'ASC' | 'DESC';
}

@ArgsType()
export class RegisteredModelsArgs extends PageArgs {
  @Field(() => RegisteredModelFilter, { nullable: true, description: 'Which models to list. Default: all.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => RegisteredModelFilter)
  filter?: RegisteredModelFilter | null;

  @Field(() => RegisteredModelOrder, { nullable: true, description: 'Order of the list. Default: by name.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => RegisteredModelOrder)
  orderBy?: RegisteredModelOrder | null;
}

@ArgsType()
export class VersionsArgs {
  @Field(() => Int, { defaultValue: 50, description: 'How many to return at most, up to 200.' })
  @IsInt()
  @Min(1)
  @Max(200)
  first!: number;

  @Field(() => Int, { nullable: true, description: 'Only versions below this number; to go on from the last one.' })
  @IsOptional()
  @IsInt()
  before?: number | null;

  @Field(() => ModelStage, { nullable: true, description: 'Only versions in this stage.' })
  @IsOptional()
  @IsIn(modelStages)
  stage?: Stage | null;
}

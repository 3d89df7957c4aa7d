import { ArgsType, Field, Int } from '@nestjs/graphql';
import { IsInt, IsOptional, IsString, Max, Min } from 'class-validator';

const MAX_RELATED = 200;

/** Of what belongs to a thing, by name. */
@ArgsType()
export class RelatedArgs {
  @Field(() => Int, { defaultValue: 50, description: `How many to return at most, up to ${MAX_RELATED}.` })
  @IsInt()
  @Min(1)
  @Max(MAX_RELATED)
  first!: number;

  @Field(() => String, { nullable: true, description: 'Only names after this one; to go on from the last one.' })
  @IsOptional()
  @IsString()
  after?: string | null;
}

@ArgsType()
export class DefinitionVersionsArgs {
  @Field(() => Int, { defaultValue: 50, description: `How many to return at most, up to ${MAX_RELATED}.` })
  @IsInt()
  @Min(1)
  @Max(MAX_RELATED)
  first!: number;

  @Field(() => Int, { nullable: true, description: 'Only versions below this number; to go on from the last one.' })
  @IsOptional()
  @IsInt()
  before?: number | null;
}

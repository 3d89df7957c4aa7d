import { Field, ID, InputType, Int } from '@nestjs/graphql';
import { IsDate, IsInt, IsOptional, IsString, IsUUID, Min } from 'class-validator';

@InputType({ description: 'Rows of a feature view that are to be online.' })
export class MaterializeFeatureViewInput {
  @Field(() => String, { description: 'Name of the view.' })
  @IsString()
  view!: string;

  @Field(() => Int, { nullable: true, description: 'Version of the view. Default: the newest.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  version?: number | null;

  @Field(() => Date, { nullable: true, description: 'Least event time, inclusive. Default: none.' })
  @IsOptional()
  @IsDate()
  from?: Date | null;

  @Field(() => Date, { nullable: true, description: 'Greatest event time, inclusive. Default: now.' })
  @IsOptional()
  @IsDate()
  to?: Date | null;
}

@InputType({ description: 'New rows of a feature view that are to be online.' })
export class MaterializeFeatureViewIncrementalInput {
  @Field(() => String, { description: 'Name of the view; its newest version is meant.' })
  @IsString()
  view!: string;

  @Field(() => Date, { nullable: true, description: 'Greatest event time, inclusive. Default: now.' })
  @IsOptional()
  @IsDate()
  to?: Date | null;
}

@InputType({ description: 'A materialization that is to end.' })
export class CancelFeatureMaterializationInput {
  @Field(() => ID, { description: 'Id of the materialization.' })
  @IsUUID()
  id!: string;
}

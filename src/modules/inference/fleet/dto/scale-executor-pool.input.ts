import { Field, InputType, Int } from '@nestjs/graphql';
import { IsInt, IsString, Max, Min } from 'class-validator';

@InputType({ description: 'How large a pool of executors is to be.' })
export class ScaleExecutorPoolInput {
  @Field(() => String, { defaultValue: 'default', description: 'Name of the pool.' })
  @IsString()
  pool!: string;

  @Field(() => Int, { description: 'Executors on all of its workers together: 0 to 1,000.' })
  @IsInt()
  @Min(0)
  @Max(1_000)
  replicas!: number;
}

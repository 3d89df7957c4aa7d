import { Field, InputType, Int } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, Min, ValidateNested } from 'class-validator';

@InputType({ description: 'How a pool of executors scales itself.' })
export class AutoscalingPolicyInput {
  @Field(() => Int, { description: 'Fewest executors: 1 to 1,000.' })
  @IsInt()
  @Min(1)
  @Max(1_000)
  minReplicas!: number;

  @Field(() => Int, { description: 'Most executors: `minReplicas` to 1,000.' })
  @IsInt()
  @Min(1)
  @Max(1_000)
  maxReplicas!: number;

  @Field(() => Int, {
    defaultValue: 50,
    description: 'Mean time that requests may wait for an executor, in milliseconds: 1 to 60,000.',
  })
  @IsInt()
  @Min(1)
  @Max(60_000)
  targetQueueMs!: number;

  @Field(() => Int, {
    defaultValue: 300,
    description: 'How long there must be too little to do before an executor is given up, in seconds: 1 to 86,400.',
  })
  @IsInt()
  @Min(1)
  @Max(86_400)
  scaleDownDelaySeconds!: number;
}

@InputType({ description: 'Whether and how a pool of executors scales itself.' })
export class AutoscaleExecutorPoolInput {
  @Field(() => String, { defaultValue: 'default', description: 'Name of the pool.' })
  @IsString()
  pool!: string;

  @Field(() => AutoscalingPolicyInput, {
    nullable: true,
    description: 'How it scales itself; null or absent: it stays as large as it is until somebody scales it.',
  })
  @IsOptional()
  @ValidateNested()
  @Type(() => AutoscalingPolicyInput)
  policy?: AutoscalingPolicyInput | null;
}

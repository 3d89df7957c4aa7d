import { Field, Float, InputType, Int } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  ArrayMinSize,
  IsArray,
  IsInt,
  IsOptional,
  IsString,
  Matches,
  Max,
  Min,
  ValidateNested,
} from 'class-validator';

const MIB = 1024 * 1024;
const TIB = 1024 * 1024 * MIB;

@InputType({ description: 'A variable of the environment of executors.' })
export class EnvironmentVariableInput {
  @Field(() => String, { description: 'Its name, such as `OMP_NUM_THREADS`; only some are allowed.' })
  @IsString()
  name!: string;

  @Field(() => String, { description: 'Its value.' })
  @IsString()
  value!: string;
}

@InputType({
  description: "What each executor of a pool is given. What is absent stays, null goes back to the workers' settings.",
})
export class ConfigureExecutorPoolInput {
  @Field(() => String, { defaultValue: 'default', description: 'Name of the pool.' })
  @IsString()
  pool!: string;

  @Field(() => [String], { nullable: true, description: 'Devices, dealt out in turn: `cpu`, `cuda:0`, ….' })
  @IsOptional()
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(64)
  @Matches(/^(cpu|cuda:\d{1,2})$/, { each: true, message: 'devices: each is `cpu` or `cuda:0`, `cuda:1`, …' })
  devices?: string[] | null;

  @Field(() => Int, { nullable: true, description: 'Threads of one model run.' })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(256)
  threads?: number | null;

  @Field(() => Float, { nullable: true, description: 'Memory that one executor may hold, in bytes; from 256 MiB.' })
  @IsOptional()
  @IsInt()
  @Min(256 * MIB)
  @Max(TIB)
  memoryBytes?: number | null;

  @Field(() => Float, {
    nullable: true,
    description: 'Bytes of model files that one executor keeps loaded; from 1 MiB.',
  })
  @IsOptional()
  @IsInt()
  @Min(MIB)
  @Max(TIB)
  cacheBytes?: number | null;

  @Field(() => [EnvironmentVariableInput], { nullable: true, description: 'Environment of the processes.' })
  @IsOptional()
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => EnvironmentVariableInput)
  environment?: EnvironmentVariableInput[] | null;
}

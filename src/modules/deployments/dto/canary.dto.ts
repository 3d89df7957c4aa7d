import { ArgsType, Field, Float, ID, InputType, Int, ObjectType, registerEnumType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { ArrayMaxSize, IsInt, IsNumber, IsOptional, Matches, Max, Min, ValidateNested } from 'class-validator';
import { connectionOf } from '../../../common/graphql/connection.js';
import { PageArgs } from '../../../common/graphql/page.js';
import { MODEL_NAME, MODEL_NAME_RULE } from '../../registry/names.rules.js';
import { type CanaryStatus as Status, canaryStatuses } from '../canary/canary-state.rules.js';
import type { Canary, CanaryGates, CanaryPlan } from '../canary/canary.js';

const CanaryStatus = Object.fromEntries(canaryStatuses.map((status) => [status, status]));

registerEnumType(CanaryStatus, {
  name: 'CanaryStatus',
  description: 'How far a canary is.',
  valuesMap: {
    RUNNING: { description: 'It has a share of the traffic, which rises step by step.' },
    SUCCEEDED: { description: 'Its version is the champion.' },
    ROLLED_BACK: { description: 'A gate failed, and everything is as it was before.' },
    CANCELLED: { description: 'Somebody took it back.' },
  },
});

@InputType({ description: 'What a canary must keep to in each step.' })
export class CanaryGatesInput {
  @Field(() => Float, {
    description:
      "Largest part of its predictions that may fail by the version's fault, from 0 to 1. Looked at all the time.",
  })
  @IsNumber()
  maxErrorRate!: number;

  @Field(() => Float, {
    nullable: true,
    description: "Largest p99 latency as a multiple of the champion's. Looked at when the step has baked.",
  })
  @IsOptional()
  @IsNumber()
  maxP99RatioToChampion?: number | null;

  @Field(() => Int, {
    description: 'Predictions of a step before anything is concluded from them; the step lasts until then.',
  })
  @IsInt()
  @Min(1)
  minRequests!: number;

  @Field(() => Float, {
    nullable: true,
    description: 'Smallest mean reward, of at least 30 rewards, until which the step lasts.',
  })
  @IsOptional()
  @IsNumber()
  minReward?: number | null;
}

@InputType({ description: 'A model version to bring into a deployment step by step.' })
export class StartCanaryInput {
  @Field(() => String, { description: 'Name of the deployment.' })
  deployment!: string;

  @Field(() => String, { description: 'Name of the registered model.' })
  @Matches(MODEL_NAME, { message: `model ${MODEL_NAME_RULE}` })
  model!: string;

  @Field(() => Int, { description: 'Version of the model.' })
  @IsInt()
  @Min(1)
  @Max(2 ** 31 - 1)
  version!: number;

  @Field(() => [Int], { description: 'Percentages of the traffic, rising to 100, such as [5, 25, 50, 100].' })
  @ArrayMaxSize(20)
  @IsInt({ each: true })
  steps!: number[];

  @Field(() => Int, { description: 'Shortest time of each step, in seconds.' })
  @IsInt()
  bakeSeconds!: number;

  @Field(() => CanaryGatesInput, { description: 'What it must keep to.' })
  @ValidateNested()
  @Type(() => CanaryGatesInput)
  gates!: CanaryGatesInput;
}

@InputType({ description: 'A deployment whose canary is taken back.' })
export class CancelCanaryInput {
  @Field(() => String, { description: 'Name of the deployment.' })
  deployment!: string;
}

@ArgsType()
export class CanariesArgs extends PageArgs {
  @Field(() => String, { description: 'Name of the deployment.' })
  @Matches(MODEL_NAME, { message: `deployment ${MODEL_NAME_RULE}` })
  deployment!: string;
}

@ObjectType('CanaryGates', { description: 'What a canary must keep to in each step.' })
export class CanaryGatesType implements CanaryGates {
  @Field(() => Float, { description: "Largest part of its predictions that may fail by the version's fault." })
  readonly maxErrorRate!: number;

  @Field(() => Float, { nullable: true, description: "Largest p99 latency as a multiple of the champion's." })
  readonly maxP99RatioToChampion!: number | null;

  @Field(() => Int, { description: 'Predictions of a step before anything is concluded from them.' })
  readonly minRequests!: number;

  @Field(() => Float, { nullable: true, description: 'Smallest mean reward.' })
  readonly minReward!: number | null;
}

@ObjectType('Canary', { description: 'A model version that is, or was, brought into a deployment step by step.' })
export class CanaryType {
  @Field(() => ID, { description: 'Id of the canary.' })
  readonly id: string;

  @Field(() => String, { description: 'Name of the deployment.' })
  readonly deployment: string;

  @Field(() => String, { description: 'Name of the registered model.' })
  readonly model: string;

  @Field(() => Int, { description: 'Version of the model.' })
  readonly version: number;

  @Field(() => CanaryStatus, { description: 'How far it is.' })
  readonly status: Status;

  @Field(() => String, { description: 'Why it stands where it stands.' })
  readonly reason: string;

  @Field(() => [Int], { description: 'Percentages of the traffic, one for each step.' })
  readonly steps: readonly number[];

  @Field(() => Int, { description: 'Number of the step that is under way, or was when it ended: from 1 up.' })
  readonly step: number;

  @Field(() => Int, { description: 'Shortest time of each step, in seconds.' })
  readonly bakeSeconds: number;

  @Field(() => CanaryGatesType, { description: 'What it must keep to.' })
  readonly gates: CanaryGates;

  @Field(() => ID, { description: 'Id of the user or API key that started it.' })
  readonly startedBy: string;

  @Field(() => Date, { description: 'When it was started.' })
  readonly startedAt: Date;

  @Field(() => Date, { description: 'When its step began.' })
  readonly stepStartedAt: Date;

  @Field(() => Date, { nullable: true, description: 'When it ended; null while it runs.' })
  readonly endedAt: Date | null;

  constructor(canary: Canary) {
    this.id = canary.id;
    this.deployment = canary.deployment;
    this.model = canary.model;
    this.version = canary.version;
    this.status = canary.status;
    this.reason = canary.reason;
    this.steps = canary.steps;
    this.step = canary.step + 1;
    this.bakeSeconds = canary.bakeSeconds;
    this.gates = canary.gates;
    this.startedBy = canary.startedBy;
    this.startedAt = canary.startedAt;
    this.stepStartedAt = canary.stepStartedAt;
    this.endedAt = canary.endedAt;
  }
}

@ObjectType({ description: 'A page of canaries.' })
export class CanaryConnection extends connectionOf(CanaryType, 'Canary') {}

export const planOf = ({ model, version, steps, bakeSeconds, gates }: StartCanaryInput): CanaryPlan => ({
  model,
  version,
  steps,
  bakeSeconds,
  gates: {
    maxErrorRate: gates.maxErrorRate,
    maxP99RatioToChampion: gates.maxP99RatioToChampion ?? null,
    minRequests: gates.minRequests,
    minReward: gates.minReward ?? null,
  },
});

import { Field, Float, Int, ObjectType } from '@nestjs/graphql';
import type { ServingPolicy, WarmUpKind as Kind, WarmUpSample } from '../serving/serving-policy.js';
import { DeviceKind, WarmUpKind } from './registry.enums.js';

@ObjectType('InstancePolicy', { description: 'How many executors run a version.' })
export class InstancePolicyType {
  @Field(() => Int, { description: 'So many keep it loaded while its residency is LOADED.' })
  min!: number;

  @Field(() => Int, { nullable: true, description: 'No more than these run it; null for all.' })
  max!: number | null;
}

@ObjectType('PriorityPolicy', { description: 'Priorities of the requests of a version.' })
export class PriorityPolicyType {
  @Field(() => Int, { description: 'Number of levels; 1 is the highest.' })
  levels!: number;

  @Field(() => Int, { description: 'Level of requests that name none.' })
  default!: number;
}

@ObjectType('DeadlinePolicy', { description: 'Time allowed for requests of a version.' })
export class DeadlinePolicyType {
  @Field(() => Int, { nullable: true, description: 'Of requests that name none, in milliseconds.' })
  defaultMs!: number | null;

  @Field(() => Int, { nullable: true, description: 'Longer ones are shortened to it, in milliseconds.' })
  maxMs!: number | null;
}

@ObjectType('DevicePolicy', { description: 'The device that a version is to run on.' })
export class DevicePolicyType {
  @Field(() => DeviceKind, { description: 'The device.' })
  kind!: keyof typeof DeviceKind;

  @Field(() => Boolean, { description: 'Whether it is refused rather than run on another one.' })
  required!: boolean;
}

@ObjectType('ResponseCachePolicy', { description: 'Answers that each api process remembers.' })
export class ResponseCachePolicyType {
  @Field(() => Float, { description: 'Bytes that they may take; the least recently used one leaves first.' })
  maxBytes!: number;

  @Field(() => Int, { description: 'How long an answer is remembered, in milliseconds.' })
  ttlMs!: number;
}

@ObjectType('WarmUpSample', { description: 'What a version is run on before it counts as loaded.' })
export class WarmUpSampleType {
  @Field(() => String, { description: 'Name of the sample.' })
  name!: string;

  @Field(() => WarmUpKind, { description: 'What it consists of.' })
  kind!: Kind;

  @Field(() => Int, { description: 'Its rows.' })
  rows!: number;
}

@ObjectType('ServingPolicy', { description: 'How a version is served. What is null is as for all models.' })
export class ServingPolicyType {
  @Field(() => Int, { nullable: true, description: 'Most rows of one batch.' })
  readonly maxBatchRows: number | null;

  @Field(() => Int, { nullable: true, description: 'How long a batch that is not full waits for more, in ms.' })
  readonly batchDelayMs: number | null;

  @Field(() => InstancePolicyType, { nullable: true, description: 'How many executors run it.' })
  readonly instances: InstancePolicyType | null;

  @Field(() => PriorityPolicyType, { nullable: true, description: 'Priorities of its requests.' })
  readonly priorities: PriorityPolicyType | null;

  @Field(() => Int, { nullable: true, description: 'Most predictions of it at a time in one api process.' })
  readonly queueLimit: number | null;

  @Field(() => DeadlinePolicyType, { nullable: true, description: 'Time allowed for its requests.' })
  readonly deadline: DeadlinePolicyType | null;

  @Field(() => DevicePolicyType, { nullable: true, description: 'The device that it is to run on.' })
  readonly device: DevicePolicyType | null;

  @Field(() => ResponseCachePolicyType, { nullable: true, description: 'Answers that are remembered.' })
  readonly cache: ResponseCachePolicyType | null;

  @Field(() => [WarmUpSampleType], { description: 'What it is run on before it counts as loaded.' })
  readonly warmUp: readonly WarmUpSampleType[];

  constructor(policy: ServingPolicy, warmUp: readonly WarmUpSample[]) {
    const { minInstances, maxInstances, priorityLevels, defaultTimeoutMs, maxTimeoutMs } = policy;
    this.maxBatchRows = policy.maxBatchRows ?? null;
    this.batchDelayMs = policy.batchDelayMs ?? null;
    const hasInstances = minInstances !== undefined || maxInstances !== undefined;
    this.instances = hasInstances ? { min: minInstances ?? 1, max: maxInstances ?? null } : null;
    this.priorities =
      priorityLevels === undefined ? null : { levels: priorityLevels, default: policy.defaultPriority ?? 1 };
    this.queueLimit = policy.queueLimit ?? null;
    const hasDeadline = defaultTimeoutMs !== undefined || maxTimeoutMs !== undefined;
    this.deadline = hasDeadline ? { defaultMs: defaultTimeoutMs ?? null, maxMs: maxTimeoutMs ?? null } : null;
    this.device =
      policy.device === undefined ? null : { kind: policy.device, required: policy.isDeviceRequired ?? false };
    this.cache =
      policy.cacheBytes === undefined ? null : { maxBytes: policy.cacheBytes, ttlMs: policy.cacheTtlMs ?? 0 };
    this.warmUp = warmUp;
  }
}

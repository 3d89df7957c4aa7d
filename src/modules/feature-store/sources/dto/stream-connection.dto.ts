import { Field, InputType, Int, ObjectType } from '@nestjs/graphql';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, Max, Min, ValidateNested } from 'class-validator';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { STREAM_PASSWORD_SECRET, type StreamConnection, type StreamSystem } from '../connections/stream-connection.js';
import { StreamSystemEnum } from './data-source.enums.js';
import { KafkaConnectionInput, kafkaConnectionOf, KafkaConnectionType } from './kafka-connection.dto.js';
import { RedisConnectionInput, redisConnectionOf, RedisConnectionType } from './redis-connection.dto.js';

const DEFAULT_INTERVAL_SECONDS = 10;
const MAX_INTERVAL_SECONDS = 24 * 3_600;

@InputType({
  description: `A stream that a data source reads step by step: exactly one of \`redis\` and \`kafka\`. A password is the secret \`${STREAM_PASSWORD_SECRET}\`.`,
})
export class StreamConnectionInput {
  @Field(() => RedisConnectionInput, { nullable: true, description: 'A stream of a Redis.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => RedisConnectionInput)
  redis?: RedisConnectionInput | null;

  @Field(() => KafkaConnectionInput, { nullable: true, description: 'A topic of a Kafka.' })
  @IsOptional()
  @ValidateNested()
  @Type(() => KafkaConnectionInput)
  kafka?: KafkaConnectionInput | null;

  @Field(() => Int, {
    nullable: true,
    description: `How often rows are looked for, in seconds. Default: ${DEFAULT_INTERVAL_SECONDS}.`,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(MAX_INTERVAL_SECONDS)
  intervalSeconds?: number | null;
}

@ObjectType('StreamConnection', { description: 'A stream that a data source reads step by step.' })
export class StreamConnectionType {
  @Field(() => StreamSystemEnum, { description: 'What holds the stream.' })
  readonly system: StreamSystem;

  @Field(() => RedisConnectionType, {
    nullable: true,
    description: 'The stream of a Redis; null where another system holds it.',
  })
  readonly redis: RedisConnectionType | null;

  @Field(() => KafkaConnectionType, {
    nullable: true,
    description: 'The topic of a Kafka; null where another system holds it.',
  })
  readonly kafka: KafkaConnectionType | null;

  @Field(() => Int, { description: 'How often rows are looked for, in seconds.' })
  readonly intervalSeconds: number;

  constructor(connection: StreamConnection) {
    this.system = connection.system;
    this.redis = connection.system === 'REDIS' ? connection : null;
    this.kafka = connection.system === 'KAFKA' ? new KafkaConnectionType(connection) : null;
    this.intervalSeconds = connection.intervalSeconds;
  }
}

/** @throws {CodedError} INVALID_INPUT */
export function streamConnectionOf({ redis, kafka, intervalSeconds }: StreamConnectionInput): StreamConnection {
  const common = { kind: 'STREAM', intervalSeconds: intervalSeconds ?? DEFAULT_INTERVAL_SECONDS } as const;
  if (redis != null && kafka == null) return { ...common, ...redisConnectionOf(redis) };
  if (kafka != null && redis == null) return { ...common, ...kafkaConnectionOf(kafka) };
  throw new CodedError('INVALID_INPUT', 'stream: give either redis or kafka.');
}

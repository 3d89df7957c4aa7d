import { Field, InputType, ObjectType, registerEnumType } from '@nestjs/graphql';
import { ArrayMaxSize, ArrayMinSize, IsBoolean, IsIn, IsOptional, Length, Matches } from 'class-validator';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { parseEndpoint } from '../../../../common/tls/endpoint.js';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../../registry/names.rules.js';
import { type KafkaConnection, type KafkaMechanism, kafkaMechanisms } from '../connections/stream-connection.js';
import { enumOf } from './data-source.enums.js';

const MAX_BROKERS = 16;
const MAX_BROKER = 300;
/** Longest name of a topic. */
const MAX_TOPIC = 249;
const MAX_USER = 200;

const KafkaMechanismEnum: { readonly [Name in KafkaMechanism]: Name } = enumOf(kafkaMechanisms);

registerEnumType(KafkaMechanismEnum, {
  name: 'KafkaMechanism',
  description: 'How a user signs in to a Kafka, by SASL.',
  valuesMap: {
    PLAIN: { description: 'The password itself is sent; use TLS.' },
    SCRAM_SHA_256: { description: 'SCRAM with SHA-256.' },
    SCRAM_SHA_512: { description: 'SCRAM with SHA-512.' },
  },
});

@InputType({ description: 'A topic of a Kafka (2.7 or later), whose values are JSON objects.' })
export class KafkaConnectionInput {
  @Field(() => [String], { description: 'Brokers to begin with, as `host:port`. They tell where the others are.' })
  @ArrayMinSize(1)
  @ArrayMaxSize(MAX_BROKERS)
  @Length(1, MAX_BROKER, { each: true })
  brokers!: string[];

  @Field(() => String, { description: 'Name of the topic, all of whose partitions are read.' })
  @Length(1, MAX_TOPIC)
  @Matches(/^[a-zA-Z0-9._-]+$/, { message: 'topic has letters, digits, dots, underscores and hyphens only' })
  topic!: string;

  @Field(() => Boolean, { nullable: true, description: 'Whether brokers are reached by TLS. Default: true.' })
  @IsOptional()
  @IsBoolean()
  tls?: boolean | null;

  @Field(() => String, { nullable: true, description: 'Who signs in, by SASL. Default: nobody.' })
  @IsOptional()
  @Length(1, MAX_USER)
  @Matches(STORABLE_TEXT, { message: `user ${STORABLE_TEXT_RULE}` })
  user?: string | null;

  @Field(() => KafkaMechanismEnum, { nullable: true, description: 'How they sign in. Default: SCRAM_SHA_512.' })
  @IsOptional()
  @IsIn(kafkaMechanisms)
  mechanism?: KafkaMechanism | null;
}

@ObjectType('KafkaConnection', { description: 'A topic of a Kafka.' })
export class KafkaConnectionType {
  @Field(() => [String], { description: 'Brokers that are asked for all others.' })
  readonly brokers: string[];

  @Field(() => String, { description: 'Name of the topic.' })
  readonly topic: string;

  @Field(() => Boolean, { description: 'Whether brokers are reached by TLS.' })
  readonly tls: boolean;

  @Field(() => String, { nullable: true, description: 'Who signs in; null where nobody does.' })
  readonly user: string | null;

  @Field(() => KafkaMechanismEnum, { description: 'How they sign in.' })
  readonly mechanism: KafkaMechanism;

  constructor({ brokers, topic, tls, user, mechanism }: KafkaConnection) {
    this.brokers = [...brokers];
    this.topic = topic;
    this.tls = tls;
    this.user = user;
    this.mechanism = mechanism;
  }
}

/** @throws {CodedError} INVALID_INPUT */
export function kafkaConnectionOf(input: KafkaConnectionInput): Omit<KafkaConnection, 'kind' | 'intervalSeconds'> {
  for (const broker of input.brokers) {
    const endpoint = parseEndpoint(broker);
    if (endpoint === undefined || endpoint.firstPort !== endpoint.lastPort || endpoint.firstPort === 0) {
      throw new CodedError('INVALID_INPUT', 'brokers: give each as host:port, such as kafka.example.org:9093.');
    }
  }
  return {
    system: 'KAFKA',
    brokers: input.brokers,
    topic: input.topic,
    tls: input.tls ?? true,
    user: input.user ?? null,
    mechanism: input.mechanism ?? 'SCRAM_SHA_512',
  };
}

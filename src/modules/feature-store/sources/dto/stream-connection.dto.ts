import { Field, InputType, Int, ObjectType } from '@nestjs/graphql';
import { IsIn, IsInt, IsOptional, Length, Matches, Max, Min } from 'class-validator';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../../registry/names.rules.js';
import {
  STREAM_PASSWORD_SECRET,
  type StreamConnection,
  type StreamSystem,
  streamSystems,
} from '../connections/stream-connection.js';
import { StreamSystemEnum } from './data-source.enums.js';

const DEFAULT_INTERVAL_SECONDS = 10;
const MAX_INTERVAL_SECONDS = 24 * 3_600;

@InputType({
  description: `A stream that a data source reads step by step. A password is the secret \`${STREAM_PASSWORD_SECRET}\`.`,
})
export class StreamConnectionInput {
  @Field(() => StreamSystemEnum, { description: 'What holds the stream.' })
  @IsIn(streamSystems)
  system!: StreamSystem;

  @Field(() => String, {
    description: 'Where it is, without a password: `redis://user@host:6379/0`, or `rediss://…` for TLS.',
  })
  @Length(1, 1_000)
  url!: string;

  @Field(() => String, { description: 'Key of the Redis stream.' })
  @Length(1, 1_000)
  @Matches(STORABLE_TEXT, { message: `stream ${STORABLE_TEXT_RULE}` })
  stream!: string;

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
export class StreamConnectionType implements Omit<StreamConnection, 'kind'> {
  @Field(() => StreamSystemEnum, { description: 'What holds the stream.' })
  system!: StreamSystem;

  @Field(() => String, { description: 'Where it is.' })
  url!: string;

  @Field(() => String, { description: 'Key of the Redis stream.' })
  stream!: string;

  @Field(() => Int, { description: 'How often rows are looked for, in seconds.' })
  intervalSeconds!: number;
}

/** @throws {CodedError} INVALID_INPUT */
export function streamConnectionOf(input: StreamConnectionInput): StreamConnection {
  checkUrl(input.url);
  return {
    kind: 'STREAM',
    system: input.system,
    url: input.url,
    stream: input.stream,
    intervalSeconds: input.intervalSeconds ?? DEFAULT_INTERVAL_SECONDS,
  };
}

function checkUrl(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['redis:', 'rediss:'].includes(url.protocol) || url.hostname === '') {
    throw new CodedError('INVALID_INPUT', 'url: give it as redis://host:port/number, or rediss:// for TLS.');
  }
  if (url.password !== '' || url.search !== '' || url.hash !== '' || !/^(\/\d*)?$/.test(url.pathname)) {
    throw new CodedError(
      'INVALID_INPUT',
      'url: after the host there may be a port and the number of a database, and nothing else; a password is the secret `password`.',
    );
  }
}

import { Field, InputType, ObjectType } from '@nestjs/graphql';
import { Length, Matches } from 'class-validator';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { STORABLE_TEXT, STORABLE_TEXT_RULE } from '../../../registry/names.rules.js';
import type { RedisConnection } from '../connections/stream-connection.js';

@InputType({ description: 'A stream of a Redis.' })
export class RedisConnectionInput {
  @Field(() => String, {
    description: 'Where it is, without a password: `redis://user@host:6379/0`, or `rediss://…` for TLS.',
  })
  @Length(1, 1_000)
  url!: string;

  @Field(() => String, { description: 'Key of the Redis stream.' })
  @Length(1, 1_000)
  @Matches(STORABLE_TEXT, { message: `stream ${STORABLE_TEXT_RULE}` })
  stream!: string;
}

@ObjectType('RedisConnection', { description: 'A stream of a Redis.' })
export class RedisConnectionType implements Pick<RedisConnection, 'url' | 'stream'> {
  @Field(() => String, { description: 'Where it is.' })
  url!: string;

  @Field(() => String, { description: 'Key of the Redis stream.' })
  stream!: string;
}

/** @throws {CodedError} INVALID_INPUT */
export function redisConnectionOf({
  url,
  stream,
}: RedisConnectionInput): Pick<RedisConnection, 'system' | 'url' | 'stream'> {
  checkUrl(url);
  return { system: 'REDIS', url, stream };
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

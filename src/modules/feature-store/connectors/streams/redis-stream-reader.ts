import { Injectable } from '@nestjs/common';
import { Redis } from 'ioredis';
import { CodedError } from '../../../../common/errors/coded-error.js';
import type { JsonObject } from '../../../../common/json/json-object.js';
import { OutboundHosts } from '../../../../common/outbound/outbound-hosts.js';
import type { RedisConnection } from '../../sources/connections/stream-connection.js';
import { type RedisGroup, redisGroupsOf, type RedisStreamEntry, redisFault, textsOf } from './redis-streams.rules.js';
import type { StreamAccess, StreamBatch, StreamEntry, StreamLimits, StreamReader } from './stream-reader.js';

type RedisAccess = StreamAccess<RedisConnection>;

/** How long connecting and one command may take, in milliseconds. */
const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 10_000;

const DEFAULT_PORT = 6_379;

/** Where a stream begins. */
const BEGINNING = '0-0';

/** One collection of a source runs at a time, so one consumer is enough. */
const CONSUMER = 'nestor';

/** Entries of the first read, whose size is not known yet, and most of one read. */
const FIRST_COUNT = 10;
const MOST_COUNT = 1_000;

/**
 * Reads Redis streams, with a consumer group for each source. The cursor that is kept with the rows says what was read; the
 * group is brought to it, so that entries which an attempt had before it failed are delivered again, and lets others
 * see how far we are.
 */
@Injectable()
export class RedisStreamReader implements StreamReader<RedisConnection> {
  constructor(private readonly hosts: OutboundHosts) {}

  async read(access: RedisAccess, after: JsonObject | null, limits: StreamLimits): Promise<StreamBatch> {
    return this.connected(access, async (redis) => {
      const start = idOf(after);
      if (!(await bringGroupTo(redis, access, start))) return { entries: [], cursor: after };
      const entries: StreamEntry[] = [];
      let bytes = 0;
      let id = start;
      for (let count = FIRST_COUNT; entries.length < limits.entries && bytes < limits.bytes;) {
        const read = await next(redis, access, Math.min(count, limits.entries - entries.length));
        if (read.length === 0) break;
        for (const [entryId, fields] of read) {
          id = entryId.toString();
          entries.push(textsOf(fields));
          bytes += fields.reduce((sum, field) => sum + field.length, 0);
        }
        const remaining = (limits.bytes - bytes) / (bytes / entries.length + 1);
        count = Math.max(1, Math.min(MOST_COUNT, Math.floor(remaining)));
      }
      return { entries, cursor: id === BEGINNING ? after : { id } };
    });
  }

  async hasMore(access: RedisAccess, after: JsonObject | null): Promise<boolean> {
    const found = await this.connected(access, (redis) =>
      redis.xrangeBuffer(access.connection.stream, `(${idOf(after)}`, '+', 'COUNT', 1),
    );
    return found.length > 0;
  }

  async acknowledge(access: RedisAccess, upTo: JsonObject): Promise<void> {
    const { stream } = access.connection;
    await this.connected(access, async (redis) => {
      for (;;) {
        const pending = await redis.xpending(stream, groupOf(access), '-', idOf(upTo), MOST_COUNT);
        const ids = pending.map((entry) => String((entry as readonly unknown[])[0]));
        if (ids.length === 0) return;
        await redis.xack(stream, groupOf(access), ...ids);
      }
    });
  }

  /** Does something by a connection of its own. */
  private async connected<Result>(
    { connection, password }: RedisAccess,
    work: (redis: Redis) => Promise<Result>,
  ): Promise<Result> {
    const url = new URL(connection.url);
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
    const port = url.port === '' ? DEFAULT_PORT : Number(url.port);
    const [address] = await this.hosts.resolve(host, port);
    const redis = new Redis({
      host: address?.address ?? host,
      port,
      db: Number(url.pathname.slice(1)),
      username: decodeURIComponent(url.username),
      ...(password !== null && { password }),
      ...(url.protocol === 'rediss:' && { tls: { servername: host } }),
      lazyConnect: true,
      enableReadyCheck: false,
      connectTimeout: CONNECT_TIMEOUT_MS,
      commandTimeout: COMMAND_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    let fault: Error | undefined;
    redis.on('error', (error) => {
      fault = error;
    });
    try {
      await redis.connect();
      return await work(redis);
    } catch (error) {
      throw error instanceof CodedError ? error : redisFault(error, fault);
    } finally {
      redis.disconnect();
    }
  }
}

/** Makes the next entries those after an id. @returns whether there is such a stream. */
async function bringGroupTo(redis: Redis, access: RedisAccess, id: string): Promise<boolean> {
  const { stream } = access.connection;
  if ((await redis.exists(stream)) === 0) return false;
  const own: RedisGroup | undefined = redisGroupsOf(await redis.xinfo('GROUPS', stream)).find(
    ({ name }) => name === groupOf(access),
  );
  if (own === undefined) await redis.xgroup('CREATE', stream, groupOf(access), id);
  else if (own.lastDeliveredId !== id) await redis.xgroup('SETID', stream, groupOf(access), id);
  return true;
}

async function next(redis: Redis, access: RedisAccess, count: number): Promise<RedisStreamEntry[]> {
  const { stream } = access.connection;
  const answer = await redis.xreadgroupBuffer(
    'GROUP',
    groupOf(access),
    CONSUMER,
    'COUNT',
    count,
    'STREAMS',
    stream,
    '>',
  );
  const [, entries] = (answer as readonly [Buffer, RedisStreamEntry[]][] | null)?.[0] ?? [];
  return entries ?? [];
}

const groupOf = ({ sourceId }: RedisAccess): string => `nestor:${sourceId}`;

const idOf = (cursor: JsonObject | null): string => (typeof cursor?.['id'] === 'string' ? cursor['id'] : BEGINNING);

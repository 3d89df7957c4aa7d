import {
  type BackendFactory,
  type ConnectionOptions,
  createPostgresBackend,
  createRedisBackend,
  setDefaultBackendFactory,
} from 'bullmq';
import pg from 'pg';
import type { Settings } from '../config/settings.js';

/** Which process connects: the api only adds jobs, the worker takes them. */
export type QueueRole = 'api' | 'worker';

/** Keys in Redis begin with this. */
export const QUEUE_PREFIX = 'nestor';

/** Connections of one queue to PostgreSQL. */
const POSTGRES_POOL_SIZE = 4;

/** Longest wait between two attempts to reach Redis, in milliseconds. */
const MAX_RECONNECT_MS = 1_000;

/**
 * How BullMQ connects: to Redis, or to PostgreSQL where there is none.
 * In the api a Redis that is down fails an `add` at once, for the job's row is already written and is queued later.
 */
export function queueConnection(settings: Settings, databaseUrl: string, role: QueueRole): ConnectionOptions {
  if (settings.REDIS_URL === undefined) {
    return { connectionString: databaseUrl, migrate: true, max: POSTGRES_POOL_SIZE };
  }
  return {
    ...redisOptions(settings.REDIS_URL),
    maxRetriesPerRequest: null,
    enableOfflineQueue: role === 'worker',
    retryStrategy: (attempt: number) => Math.min(50 * 2 ** attempt, MAX_RECONNECT_MS),
  };
}

/** BullMQ's own `url` option would leave out what else the URL says, such as the number of the database. */
function redisOptions(redisUrl: string): ConnectionOptions {
  const url = new URL(redisUrl);
  const database = Number(url.pathname.slice(1) || 0);
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(url.port || 6379),
    db: database,
    ...(url.username !== '' && { username: decodeURIComponent(url.username) }),
    ...(url.password !== '' && { password: decodeURIComponent(url.password) }),
    ...(url.protocol === 'rediss:' && { tls: {} }),
  };
}

/**
 * A connection of BullMQ's pool. Where one is lost between two statements of whoever has it in hand, nobody listens but this:
 * an error without a listener would end the process. The next statement tells of the loss.
 */
class PooledClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    this.on('error', () => undefined);
  }
}

/** @nestjs/bullmq cannot pass a backend on, so the process's default one tells by the connection which is meant. */
const backendByConnection: BackendFactory = (name, options, internals) =>
  'connectionString' in options.connection
    ? createPostgresBackend(
        name,
        { ...options, connection: { ...options.connection, Client: PooledClient } },
        internals,
      )
    : createRedisBackend(name, options, internals);

export function useBackendByConnection(): void {
  setDefaultBackendFactory(backendByConnection);
}

import { Redis } from 'ioredis';
import { Client } from 'pg';
import { messageOf } from '../start-error.js';

/** How long a database or Redis may take to answer, in milliseconds. */
const PATIENCE_MS = 8_000;

/** @returns why the PostgreSQL of `DATABASE_URL` cannot be used, or undefined. The URL's password is not repeated. */
export async function databaseProblem(url: string): Promise<string | undefined> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: PATIENCE_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return undefined;
  } catch (error) {
    return `DATABASE_URL: PostgreSQL at ${placeOf(url)} cannot be used (${messageOf(error)}). Start it or correct the URL; unset it to use the embedded one`;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** @returns why the Redis of `REDIS_URL` cannot be used, or undefined. The URL's password is not repeated. */
export async function redisProblem(url: string): Promise<string | undefined> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: PATIENCE_MS,
    commandTimeout: PATIENCE_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
  });
  let cause: Error | undefined;
  redis.on('error', (error) => {
    cause = error;
  });
  try {
    await redis.connect();
    await redis.ping();
    return undefined;
  } catch (error) {
    return `REDIS_URL: Redis at ${placeOf(url)} cannot be used (${messageOf(cause ?? error)}). Start it or correct the URL; unset it to do without Redis`;
  } finally {
    redis.disconnect();
  }
}

/** Host, port and path of a URL, without user and password. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `${host}${pathname === '/' ? '' : pathname}`;
}

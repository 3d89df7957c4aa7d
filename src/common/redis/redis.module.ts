import { Global, Inject, Module, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { SETTINGS } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { LOGGER } from '../observability/logger.js';

/** Injection token of the process's one connection for short commands: `Redis | null`, null without `REDIS_URL`. */
export const REDIS = Symbol('REDIS');

/** How long one command may wait for its answer, in milliseconds; then it fails. */
const ANSWER_WITHIN_MS = 2_000;

export function connectRedis(url: string, logger: Logger): Redis {
  const redis = new Redis(url, { maxRetriesPerRequest: 1, commandTimeout: ANSWER_WITHIN_MS });
  redis.on('error', (err) => logger.warn({ err }, 'the connection to Redis failed; it is tried again'));
  return redis;
}

/** Shared by all who send short commands. Who subscribes or blocks duplicates the connection. */
@Global()
@Module({
  providers: [
    {
      provide: REDIS,
      inject: [SETTINGS, LOGGER],
      useFactory: (settings: Settings, logger: Logger) =>
        settings.REDIS_URL === undefined ? null : connectRedis(settings.REDIS_URL, logger),
    },
  ],
  exports: [REDIS],
})
export class RedisModule implements OnApplicationShutdown {
  constructor(@Inject(REDIS) private readonly redis: Redis | null) {}

  onApplicationShutdown(): void {
    this.redis?.disconnect();
  }
}

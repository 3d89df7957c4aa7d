import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { SETTINGS } from '../config/config.module.js';
import { type Settings, SettingsError } from '../config/settings.js';
import { LOGGER } from '../observability/logger.js';

/** How long Redis may take to answer when a process starts, in milliseconds. */
const ANSWER_WITHIN_MS = 3_000;

/** A Redis that evicts keys loses jobs in silence, so Nestor does not start on one. */
@Injectable()
export class RedisPolicyCheck implements OnModuleInit {
  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.settings.REDIS_URL === undefined) return;
    const redis = new Redis(this.settings.REDIS_URL, {
      lazyConnect: true,
      retryStrategy: () => null,
      connectTimeout: ANSWER_WITHIN_MS,
      commandTimeout: ANSWER_WITHIN_MS,
    });
    redis.on('error', (err) => this.logger.warn({ err }, 'Redis cannot be asked for its eviction policy'));
    try {
      await redis.connect();
      const problem = evictionProblem(await redis.info('memory'));
      if (problem !== undefined) throw new SettingsError([problem]);
    } catch (error) {
      // One that is down now is found out about by those who need it.
      if (error instanceof SettingsError) throw error;
    } finally {
      redis.disconnect();
    }
  }
}

/** What is wrong with the memory policy in an answer to `INFO memory`. */
export function evictionProblem(info: string): string | undefined {
  const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1];
  if (policy === undefined || policy === 'noeviction') return undefined;
  return (
    `REDIS_URL: this Redis evicts keys when its memory is full (maxmemory-policy ${policy}), which would lose jobs. ` +
    'Set maxmemory-policy to noeviction.'
  );
}

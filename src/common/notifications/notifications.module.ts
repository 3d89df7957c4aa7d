import { Global, Module } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { SETTINGS } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { requireDatabaseUrl } from '../database/database.module.js';
import { LOGGER } from '../observability/logger.js';
import { REDIS, RedisModule } from '../redis/redis.module.js';
import { Notifications } from './notifications.js';
import { PostgresNotifications } from './postgres-notifications.js';
import { RedisNotifications } from './redis-notifications.js';

/** Notifies by Redis where there is one, else by PostgreSQL. */
@Global()
@Module({
  imports: [RedisModule],
  providers: [
    {
      provide: Notifications,
      inject: [SETTINGS, getDataSourceToken(), REDIS, LOGGER],
      useFactory: (settings: Settings, dataSource: DataSource, redis: Redis | null, logger: Logger) =>
        redis === null
          ? new PostgresNotifications(requireDatabaseUrl(settings), dataSource, logger)
          : new RedisNotifications(redis, logger),
    },
  ],
  exports: [Notifications],
})
export class NotificationsModule {}

import { Module } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { Redis } from 'ioredis';
import type { DataSource } from 'typeorm';
import { REDIS, RedisModule } from '../../../common/redis/redis.module.js';
import { OnlineStore } from './online-store.js';
import { PostgresOnlineStore } from './postgres-online-store.js';
import { RedisOnlineStore } from './redis-online-store.js';

/** Keeps online features in Redis where there is one, else in PostgreSQL. */
@Module({
  imports: [RedisModule],
  providers: [
    {
      provide: OnlineStore,
      inject: [getDataSourceToken(), REDIS],
      useFactory: (dataSource: DataSource, redis: Redis | null) =>
        redis === null ? new PostgresOnlineStore(dataSource) : new RedisOnlineStore(redis),
    },
  ],
  exports: [OnlineStore],
})
export class OnlineStoreModule {}

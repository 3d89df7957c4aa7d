import { Module } from '@nestjs/common';
import { getDataSourceToken } from '@nestjs/typeorm';
import type { Redis } from 'ioredis';
import type { DataSource } from 'typeorm';
import { REDIS, RedisModule } from '../redis/redis.module.js';
import { PostgresRateLimiter } from './postgres-rate-limiter.js';
import { RateLimiter } from './rate-limiter.js';
import { RedisRateLimiter } from './redis-rate-limiter.js';

/** Counts in Redis where there is one, else in PostgreSQL. */
@Module({
  imports: [RedisModule],
  providers: [
    {
      provide: RateLimiter,
      inject: [getDataSourceToken(), REDIS],
      useFactory: (dataSource: DataSource, redis: Redis | null) =>
        redis === null ? new PostgresRateLimiter(dataSource) : new RedisRateLimiter(redis),
    },
  ],
  exports: [RateLimiter],
})
export class RateLimitModule {}

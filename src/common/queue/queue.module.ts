import { BullModule } from '@nestjs/bullmq';
import { type DynamicModule, Module } from '@nestjs/common';
import { DiscoveryModule } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { SETTINGS } from '../config/config.module.js';
import type { Settings } from '../config/settings.js';
import { requireDatabaseUrl } from '../database/database.module.js';
import { LeasedRowAnnouncements } from './leased-row-announcements.js';
import { QUEUE_PREFIX, queueConnection, type QueueRole, useBackendByConnection } from './queue-backend.js';
import { QueueConsumersCheck } from './queue-consumers.check.js';
import { queueNames } from './queues.js';
import { RedisPolicyCheck } from './redis-policy.check.js';

/** The Bull queues of this process, for all modules: `@InjectQueue(name)` in both roles, `@Processor(name)` in the worker. */
@Module({})
export class QueueModule {
  static forRoot(role: QueueRole): DynamicModule {
    useBackendByConnection();
    const root = BullModule.forRootAsync({
      // The data source comes first: BullMQ does not get over a PostgreSQL that is not there when it starts.
      inject: [SETTINGS, DataSource],
      useFactory: (settings: Settings) => ({
        connection: queueConnection(settings, requireDatabaseUrl(settings), role),
        prefix: QUEUE_PREFIX,
      }),
    });
    const registered = BullModule.registerQueue(
      ...queueNames.map((name) => ({
        name,
        defaultJobOptions: { attempts: 1, removeOnComplete: true, removeOnFail: true },
        streams: { events: { maxLen: 100 } },
      })),
    );
    return {
      module: QueueModule,
      global: true,
      imports: [DiscoveryModule, root, registered],
      providers: [LeasedRowAnnouncements, RedisPolicyCheck, ...(role === 'worker' ? [QueueConsumersCheck] : [])],
      exports: [registered, LeasedRowAnnouncements],
    };
  }
}

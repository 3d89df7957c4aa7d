import type { DynamicModule, Type } from '@nestjs/common';
import type { Logger } from 'pino';
import { ConfigModule } from './config/config.module.js';
import type { Settings } from './config/settings.js';
import { CryptoModule } from './crypto/crypto.module.js';
import { DatabaseModule } from './database/database.module.js';
import { NotificationsModule } from './notifications/notifications.module.js';
import { LoggerModule } from './observability/logger.module.js';
import { OutboundModule } from './outbound/outbound.module.js';
import { StorageModule } from './storage/storage.module.js';

/** What every process of Nestor stands on. */
export function foundation(settings: Settings, logger: Logger): (DynamicModule | Type)[] {
  return [
    ConfigModule.forRoot(settings),
    LoggerModule.forRoot(logger),
    CryptoModule,
    DatabaseModule.forRoot(),
    NotificationsModule,
    StorageModule,
    OutboundModule,
  ];
}

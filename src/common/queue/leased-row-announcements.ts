import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { channels, Notifications } from '../notifications/notifications.js';
import { RowAnnouncements } from '../notifications/row-announcements.js';
import { LOGGER } from '../observability/logger.js';
import { type LeasedRowStatus, leasedRowStatuses } from './leased-row.entity.js';

/** In milliseconds: the phases of small work follow one another faster than anybody looks. */
const GATHER_MS = 50;

/** Tells all processes which leased rows changed, of all tables: ids are unique across them. */
@Injectable()
export class LeasedRowAnnouncements extends RowAnnouncements<LeasedRowStatus> {
  constructor(notifications: Notifications, @Inject(LOGGER) logger: Logger) {
    const of = { channel: channels.leasedRowChanged, statuses: leasedRowStatuses, gatherMs: GATHER_MS };
    super(of, notifications, logger);
  }
}

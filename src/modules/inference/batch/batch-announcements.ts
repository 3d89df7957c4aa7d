import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { RowAnnouncements } from '../../../common/notifications/row-announcements.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { type BatchStatus, batchStatuses } from './batch-state.rules.js';

/** In milliseconds: chunks may end by the hundred in a second. */
const GATHER_MS = 200;

/** Tells all processes which batches changed. */
@Injectable()
export class BatchAnnouncements extends RowAnnouncements<BatchStatus> {
  constructor(notifications: Notifications, @Inject(LOGGER) logger: Logger) {
    const of = { channel: channels.batchInferenceChanged, statuses: batchStatuses, gatherMs: GATHER_MS };
    super(of, notifications, logger);
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { RowAnnouncements } from '../../../common/notifications/row-announcements.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { type JobStatus, jobStatuses } from './job-state.rules.js';

/** In milliseconds: whoever waits for a job waits for this, too. */
const GATHER_MS = 5;

/** Tells all processes which jobs changed. */
@Injectable()
export class JobAnnouncements extends RowAnnouncements<JobStatus> {
  constructor(notifications: Notifications, @Inject(LOGGER) logger: Logger) {
    const of = { channel: channels.inferenceJobChanged, statuses: jobStatuses, gatherMs: GATHER_MS };
    super(of, notifications, logger);
  }
}

import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { formatChanges, parseChanges, type StatusChange } from './job-changes.rules.js';
import { type JobStatus, jobStatuses } from './job-state.rules.js';

type JobChange = StatusChange<JobStatus>;

/** Time in which changes gather before they are told, in milliseconds. */
const GATHER_MS = 5;

/** Tells all processes which jobs changed: many in one message. What is lost on the way, the row tells. */
@Injectable()
export class JobAnnouncements {
  private pending: JobChange[] = [];
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly notifications: Notifications,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Call after commit. */
  announce(changes: Iterable<JobChange>): void {
    this.pending.push(...changes);
    this.timer ??= setTimeout(() => void this.flush(), GATHER_MS);
  }

  /** Calls the listener for each change. @returns a function that ends it. */
  subscribe(listener: (change: JobChange) => void): () => void {
    return this.notifications.subscribe(channels.inferenceJobChanged, (message) => {
      for (const change of parseChanges(message, jobStatuses)) listener(change);
    });
  }

  /** Calls the listener whenever changes may have been missed. @returns a function that ends it. */
  onGap(listener: () => void): () => void {
    return this.notifications.onGap(listener);
  }

  /** Sends what has gathered. */
  async flush(): Promise<void> {
    clearTimeout(this.timer);
    this.timer = undefined;
    const changes = this.pending;
    this.pending = [];
    try {
      for (const message of formatChanges(changes)) {
        await this.notifications.publish(channels.inferenceJobChanged, message);
      }
    } catch (err) {
      this.logger.warn({ err }, 'changes of inference jobs could not be announced');
    }
  }
}

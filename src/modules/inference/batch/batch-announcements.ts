import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { formatChanges, parseChanges, type StatusChange } from '../jobs/job-changes.rules.js';
import { type BatchStatus, batchStatuses } from './batch-state.rules.js';

type BatchChange = StatusChange<BatchStatus>;

/** Time in which progress gathers before it is told, in milliseconds: chunks may end by the hundred in a second. */
const GATHER_MS = 200;

/** Tells all processes which batches changed. What is lost on the way, the row tells. */
@Injectable()
export class BatchAnnouncements implements BeforeApplicationShutdown {
  private pending = new Map<string, BatchChange>();
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly notifications: Notifications,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  /** Call after commit. */
  announce(change: BatchChange): void {
    this.pending.set(change.id, change);
    this.timer ??= setTimeout(() => void this.flush(), GATHER_MS);
  }

  /** Calls the listener for each change. @returns a function that ends it. */
  subscribe(listener: (change: BatchChange) => void): () => void {
    return this.notifications.subscribe(channels.batchInferenceChanged, (message) => {
      for (const change of parseChanges(message, batchStatuses)) listener(change);
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
    const changes = [...this.pending.values()].map(({ id, status }) => ({ id, status }));
    this.pending = new Map();
    try {
      for (const message of formatChanges(changes)) {
        await this.notifications.publish(channels.batchInferenceChanged, message);
      }
    } catch (err) {
      this.logger.warn({ err }, 'changes of batch inferences could not be announced');
    }
  }
}

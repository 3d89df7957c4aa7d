import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Channel, Notifications } from './notifications.js';
import { formatChanges, parseChanges, type StatusChange } from './row-changes.rules.js';

/** How changes of rows are told. */
export interface AnnouncedRows<Status extends string> {
  readonly channel: Channel;
  /** Those that a row may have. */
  readonly statuses: readonly Status[];
  /** Time in which changes gather before they are told, in milliseconds; of those of one row the last is told. */
  readonly gatherMs: number;
}

/** Tells all processes which rows changed: many in one message. What is lost on the way, the row tells. */
export abstract class RowAnnouncements<Status extends string> implements BeforeApplicationShutdown {
  private pending = new Map<string, StatusChange<Status>>();
  private timer: NodeJS.Timeout | undefined;

  protected constructor(
    private readonly of: AnnouncedRows<Status>,
    private readonly notifications: Notifications,
    private readonly logger: Logger,
  ) {}

  async beforeApplicationShutdown(): Promise<void> {
    await this.flush();
  }

  /** Call after commit. */
  announce(changes: Iterable<StatusChange<Status>>): void {
    for (const { id, status } of changes) this.pending.set(id, { id, status });
    if (this.pending.size > 0) this.timer ??= setTimeout(() => void this.flush(), this.of.gatherMs);
  }

  /** Calls the listener for each change. @returns a function that ends it. */
  subscribe(listener: (change: StatusChange<Status>) => void): () => void {
    return this.notifications.subscribe(this.of.channel, (message) => {
      for (const change of parseChanges(message, this.of.statuses)) listener(change);
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
    const changes = [...this.pending.values()];
    this.pending = new Map();
    try {
      for (const message of formatChanges(changes)) await this.notifications.publish(this.of.channel, message);
    } catch (err) {
      this.logger.warn({ err, channel: this.of.channel }, 'changes of rows could not be announced');
    }
  }
}

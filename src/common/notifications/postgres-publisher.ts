import type { DataSource } from 'typeorm';
import type { Channel } from './notifications.js';

/** Most notifications of one statement. */
const BATCH_SIZE = 500;

interface Pending {
  readonly channel: Channel;
  readonly message: string;
  /** Told how it went; null when it was sent. */
  readonly settle: (error: unknown) => void;
}

/**
 * Sends what is published at the same time, and while a statement is on its way, with one statement: PostgreSQL lets
 * transactions that notify commit one at a time.
 */
export class PostgresPublisher {
  private pending: Pending[] = [];
  private sending = false;

  constructor(private readonly dataSource: DataSource) {}

  async publish(channel: Channel, message: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.pending.push({ channel, message, settle: (error) => (error === null ? resolve() : reject(error)) });
      if (!this.sending) void this.sendAll();
    });
  }

  private async sendAll(): Promise<void> {
    this.sending = true;
    // What else is published in this tick comes along.
    await Promise.resolve();
    while (this.pending.length > 0) await this.send(this.pending.splice(0, BATCH_SIZE));
    this.sending = false;
  }

  private async send(batch: readonly Pending[]): Promise<void> {
    let failure: unknown = null;
    try {
      await this.dataSource.query(
        'SELECT pg_notify(channel, message) FROM unnest($1::text[], $2::text[]) AS sent (channel, message)',
        [batch.map(({ channel }) => channel), batch.map(({ message }) => message)],
      );
    } catch (error) {
      failure = error;
    }
    for (const { settle } of batch) settle(failure);
  }
}

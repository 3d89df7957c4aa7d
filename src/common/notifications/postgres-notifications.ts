import { setTimeout as sleep } from 'node:timers/promises';
import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import pg from 'pg';
import type { Logger } from 'pino';
import type { DataSource } from 'typeorm';
import { livenessProbe } from './liveness-probe.js';
import { assertSendable, NotificationListeners } from './notification-listeners.js';
import { type Channel, channels, Notifications } from './notifications.js';
import { PostgresPublisher } from './postgres-publisher.js';

/** Wait before the second attempt to connect, in milliseconds; doubled each time up to the longest. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;

/** LISTEN/NOTIFY: one connection of its own that listens; publishing goes through the pool. */
export class PostgresNotifications extends Notifications implements OnModuleInit, OnApplicationShutdown {
  private readonly listeners: NotificationListeners;
  private readonly publisher: PostgresPublisher;
  private client: pg.Client | undefined;
  private closed = false;

  constructor(
    private readonly databaseUrl: string,
    dataSource: DataSource,
    private readonly logger: Logger,
    private readonly probe = livenessProbe,
  ) {
    super();
    this.listeners = new NotificationListeners(logger);
    this.publisher = new PostgresPublisher(dataSource);
  }

  async publish(channel: Channel, message: string): Promise<void> {
    assertSendable(channel, message);
    await this.publisher.publish(channel, message);
  }

  subscribe(channel: Channel, listener: (message: string) => void): () => void {
    return this.listeners.subscribe(channel, listener);
  }

  onGap(listener: () => void): () => void {
    return this.listeners.onGap(listener);
  }

  /** Listens, however long it takes to connect. */
  async onModuleInit(): Promise<void> {
    let retryMs = FIRST_RETRY_MS;
    while (!this.closed && !(await this.connect())) {
      await sleep(retryMs / 2 + (Math.random() * retryMs) / 2);
      retryMs = Math.min(LONGEST_RETRY_MS, retryMs * 2);
    }
  }

  async onApplicationShutdown(): Promise<void> {
    this.closed = true;
    await this.client?.end();
  }

  private async connect(): Promise<boolean> {
    const client = new pg.Client({
      connectionString: this.databaseUrl,
      application_name: 'nestor notifications',
      connectionTimeoutMillis: 10_000,
      query_timeout: this.probe.timeoutMs,
      keepAlive: true,
    });
    // Without this listener a lost connection ends the process; its end is acted on below.
    client.on('error', (err) => this.logger.warn({ err }, 'the connection that listens for notifications failed'));
    client.on('notification', ({ channel, payload }) => this.listeners.deliver(channel, payload ?? ''));
    try {
      await client.connect();
      await client.query(
        Object.values(channels)
          .map((channel) => `LISTEN ${channel}`)
          .join(';'),
      );
    } catch (err) {
      this.logger.warn({ err }, 'cannot listen for notifications; trying again');
      await client.end().catch(() => undefined);
      return false;
    }
    if (this.closed) {
      await client.end();
      return true;
    }
    this.keep(client);
    this.listeners.tellGap();
    return true;
  }

  /** Watches the connection, and listens anew when it has ended. */
  private keep(client: pg.Client): void {
    this.client = client;
    const probe = setInterval(() => {
      client.query('SELECT 1').catch(() => client.end());
    }, this.probe.intervalMs).unref();
    client.once('end', () => {
      clearInterval(probe);
      if (!this.closed) void this.onModuleInit();
    });
  }
}

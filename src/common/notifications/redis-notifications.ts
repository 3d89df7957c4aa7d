import type { OnApplicationShutdown, OnModuleInit } from '@nestjs/common';
import type { Redis } from 'ioredis';
import type { Logger } from 'pino';
import { livenessProbe } from './liveness-probe.js';
import { assertSendable, NotificationListeners } from './notification-listeners.js';
import { type Channel, channels, Notifications } from './notifications.js';

/** Redis pub/sub: one connection of its own that subscribes; publishing goes through the shared one. */
export class RedisNotifications extends Notifications implements OnModuleInit, OnApplicationShutdown {
  private readonly listeners: NotificationListeners;
  private readonly subscriber: Redis;
  /** Pub/sub ignores the number of the database, so the channels' names have it. */
  private readonly prefix: string;
  private probing: NodeJS.Timeout | undefined;

  constructor(
    private readonly redis: Redis,
    private readonly logger: Logger,
    private readonly probe = livenessProbe,
  ) {
    super();
    this.listeners = new NotificationListeners(logger);
    this.prefix = `${redis.options.db ?? 0}:`;
    this.subscriber = redis.duplicate({
      connectionName: 'nestor-notifications',
      lazyConnect: true,
      autoResubscribe: false,
      maxRetriesPerRequest: null,
      commandTimeout: this.probe.timeoutMs,
    });
    this.subscriber.on('error', (err) => logger.warn({ err }, 'the connection that listens for notifications failed'));
    this.subscriber.on('message', (channel, message) => {
      this.listeners.deliver(channel.slice(this.prefix.length), message);
    });
  }

  async publish(channel: Channel, message: string): Promise<void> {
    assertSendable(channel, message);
    await this.redis.publish(this.prefix + channel, message);
  }

  subscribe(channel: Channel, listener: (message: string) => void): () => void {
    return this.listeners.subscribe(channel, listener);
  }

  onGap(listener: () => void): () => void {
    return this.listeners.onGap(listener);
  }

  /** Listens, however long it takes to connect. */
  async onModuleInit(): Promise<void> {
    const listening = new Promise<void>((resolve) => {
      this.subscriber.on('ready', () => void this.listen().then(resolve));
    });
    // A first attempt that fails is followed by others, like every later one.
    this.subscriber.connect().catch(() => undefined);
    this.probing = setInterval(
      () => void this.subscriber.ping().catch(() => this.reconnect()),
      this.probe.intervalMs,
    ).unref();
    await listening;
  }

  onApplicationShutdown(): void {
    clearInterval(this.probing);
    this.subscriber.disconnect();
  }

  private async listen(): Promise<void> {
    try {
      await this.subscriber.subscribe(...Object.values(channels).map((channel) => this.prefix + channel));
      this.listeners.tellGap();
    } catch (err) {
      this.logger.warn({ err }, 'cannot subscribe to notifications; connecting anew');
      this.reconnect();
    }
  }

  private reconnect(): void {
    this.subscriber.disconnect(true);
  }
}

import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { ExecutorView } from '../client/executor-view.js';
import type { ExecutorHostState } from '../protocol/executor-state.js';
import { ExecutorHostRepository } from './executor-host.repository.js';

/** How often the directory is read even if nothing was announced, in milliseconds. */
const READ_EVERY_MS = 1_000;

/** A host that has not been heard of for so long is taken for gone, in milliseconds: five heartbeats. */
const GONE_AFTER_MS = 5_000;

/**
 * What this process knows of all executors. While PostgreSQL is away it keeps what it knew last, so that predictions go
 * on; an executor that has gone meanwhile is found out about by its broken connection.
 */
@Injectable()
export class SharedExecutorView extends ExecutorView implements OnModuleInit, OnApplicationShutdown {
  private known: readonly ExecutorHostState[] = [];
  private knownText = '[]';
  private readonly listeners = new Set<() => void>();
  private readonly endings: (() => void)[] = [];
  private reading: Promise<void> | undefined;
  private isStale = false;
  private isAway = false;

  constructor(
    private readonly repository: ExecutorHostRepository,
    private readonly notifications: Notifications,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    super();
  }

  async onModuleInit(): Promise<void> {
    const read = (): void => void this.refresh();
    const timer = setInterval(read, READ_EVERY_MS);
    this.endings.push(
      () => clearInterval(timer),
      this.notifications.subscribe(channels.executorsChanged, read),
      this.notifications.onGap(read),
    );
    await this.refresh();
  }

  onApplicationShutdown(): void {
    for (const end of this.endings.splice(0)) end();
  }

  hosts(): readonly ExecutorHostState[] {
    return this.known;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Reads what has been announced up to now. Never fails. */
  async refresh(): Promise<void> {
    this.isStale = true;
    this.reading ??= this.readWhileStale();
    await this.reading;
  }

  private async readWhileStale(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      await this.read();
    }
    this.reading = undefined;
  }

  private async read(): Promise<void> {
    try {
      const hosts = await this.repository.heardWithin(GONE_AFTER_MS);
      if (this.isAway) this.logger.info('the directory of executors can be read again');
      this.isAway = false;
      this.accept(hosts);
    } catch (err) {
      if (!this.isAway)
        this.logger.warn({ err }, 'the directory of executors cannot be read; going on with what is known');
      this.isAway = true;
    }
  }

  private accept(hosts: readonly ExecutorHostState[]): void {
    const text = JSON.stringify(hosts);
    if (text === this.knownText) return;
    this.known = hosts;
    this.knownText = text;
    for (const listener of this.listeners) listener();
  }
}

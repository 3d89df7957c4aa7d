import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { ExecutorView } from '../client/executor-view.js';
import { ExecutorHost } from '../hosting/executor-host.service.js';
import { ExecutorPoolRepository } from './executor-pool.repository.js';
import { shareOf } from './pool-share.rules.js';

/** How often a worker looks how large its pool is to be, even if nothing was heard, in milliseconds. */
const LOOK_EVERY_MS = 10_000;

/** Keeps this worker's executors to its share of what its pool is to have. */
@Injectable()
export class PoolScaler implements OnApplicationBootstrap {
  private readonly endings: (() => void)[] = [];
  private looking: Promise<void> | undefined;
  private isStale = false;
  private knownHosts = '';

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly pools: ExecutorPoolRepository,
    private readonly host: ExecutorHost,
    private readonly view: ExecutorView,
    private readonly notifications: Notifications,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onApplicationBootstrap(): Promise<void> {
    const look = (): void => void this.look();
    const timer = setInterval(look, LOOK_EVERY_MS);
    this.endings.push(
      () => clearInterval(timer),
      this.notifications.subscribe(channels.executorPoolChanged, look),
      this.notifications.onGap(look),
      this.view.onChange(() => {
        // Another worker of the pool has come or gone; the rest changes with each heartbeat.
        if (this.hosts().join() !== this.knownHosts) look();
      }),
    );
    await this.look();
  }

  /** To be called before the executors are stopped: they must not come back. */
  async stop(): Promise<void> {
    for (const end of this.endings.splice(0)) end();
    await this.looking;
  }

  private async look(): Promise<void> {
    this.isStale = true;
    this.looking ??= this.lookWhileStale();
    await this.looking;
  }

  private async lookWhileStale(): Promise<void> {
    while (this.isStale) {
      this.isStale = false;
      await this.adjust().catch((err: unknown) => {
        this.logger.warn({ err }, 'the wanted size of the executor pool cannot be read; it stays as it is');
      });
    }
    this.looking = undefined;
  }

  private async adjust(): Promise<void> {
    const { NESTOR_POOL: pool, NESTOR_EXECUTORS: executors } = this.settings;
    const wanted = await this.pools.replicasOf(pool);
    const own = this.host.state();
    if (own === undefined) return;
    const hosts = this.hosts();
    this.knownHosts = hosts.join();
    this.host.resize(wanted === null ? executors : shareOf(wanted, own.hostId, hosts));
  }

  /** Ids of the workers of this pool. */
  private hosts(): string[] {
    return this.view.hosts().flatMap(({ pool, hostId }) => (pool === this.settings.NESTOR_POOL ? [hostId] : []));
  }
}

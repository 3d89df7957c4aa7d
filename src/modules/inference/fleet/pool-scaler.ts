import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { ExecutorView } from '../client/executor-view.js';
import { defaultResources } from '../hosting/default-resources.js';
import { ExecutorHost } from '../hosting/executor-host.service.js';
import { ExecutorPoolRepository } from './executor-pool.repository.js';
import { effectiveResources } from './pool-resources.rules.js';
import { shareOf } from './pool-share.rules.js';

/** How often a worker looks how large its pool is to be, even if nothing was heard, in milliseconds. */
const LOOK_EVERY_MS = 10_000;

/** Keeps this worker's executors to its share of what its pool is to have, and to what they are to be given. */
@Injectable()
export class PoolScaler implements OnApplicationBootstrap {
  private readonly endings: (() => void)[] = [];
  private readonly task: PeriodicTask;
  private knownHosts = '';

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly pools: ExecutorPoolRepository,
    private readonly host: ExecutorHost,
    private readonly view: ExecutorView,
    private readonly notifications: Notifications,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.task = new PeriodicTask(
      LOOK_EVERY_MS,
      () => this.adjust(),
      (err) => logger.warn({ err }, 'how the executor pool is to be cannot be read; it stays as it is'),
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    const look = (): void => void this.task.run();
    this.task.start();
    this.endings.push(
      this.notifications.subscribe(channels.executorPoolChanged, look),
      this.notifications.onGap(look),
      this.view.onChange(() => {
        // Another worker of the pool has come or gone; the rest changes with each heartbeat.
        if (this.hosts().join() !== this.knownHosts) look();
      }),
    );
    await this.task.run();
  }

  /** To be called before the executors are stopped: they must not come back. */
  async stop(): Promise<void> {
    for (const end of this.endings.splice(0)) end();
    await this.task.stop();
  }

  private async adjust(): Promise<void> {
    const { NESTOR_POOL: pool, NESTOR_EXECUTORS: executors } = this.settings;
    const wanted = await this.pools.find(pool);
    const own = this.host.state();
    if (own === undefined) return;
    const hosts = this.hosts();
    this.knownHosts = hosts.join();
    this.host.configure(effectiveResources(defaultResources(this.settings), wanted?.resources ?? {}));
    const replicas = wanted?.replicas ?? null;
    this.host.resize(replicas === null ? executors : shareOf(replicas, own.hostId, hosts));
  }

  /** Ids of the workers of this pool. */
  private hosts(): string[] {
    return this.view.hosts().flatMap(({ pool, hostId }) => (pool === this.settings.NESTOR_POOL ? [hostId] : []));
  }
}

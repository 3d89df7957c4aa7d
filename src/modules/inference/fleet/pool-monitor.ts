import { Inject, Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { HealthChecks } from '../../../common/observability/health.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { ExecutorView } from '../client/executor-view.js';
import { ExecutorHost } from '../hosting/executor-host.service.js';
import { ExecutorPoolRepository } from './executor-pool.repository.js';
import { healthOf, type PoolHealth, poolStatuses } from './pool-health.rules.js';

/** How often the health of the pool is looked at, in milliseconds. */
const LOOK_EVERY_MS = 30_000;

/** Watches the health of this worker's pool, by the ratio of executors that take requests, and of its own part of it. */
@Injectable()
export class PoolMonitor implements OnModuleInit, OnApplicationShutdown {
  private readonly task: PeriodicTask;
  private health: PoolHealth | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly checks: HealthChecks,
    private readonly host: ExecutorHost,
    private readonly pools: ExecutorPoolRepository,
    private readonly view: ExecutorView,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.task = new PeriodicTask(
      LOOK_EVERY_MS,
      () => this.look(),
      (err) => logger.warn({ err }, 'the health of the executor pool cannot be looked at'),
    );
  }

  onModuleInit(): void {
    this.checks.add('executor-pool', () => this.assertOwnPart());
    this.task.start();
  }

  async onApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** Tells of a change of the pool's health. */
  private async look(): Promise<void> {
    const { NESTOR_POOL: name } = this.settings;
    const row = await this.pools.find(name);
    const statuses = poolStatuses(this.view.hosts(), new Map([[name, row?.replicas ?? null]]));
    const status = statuses.find((pool) => pool.name === name);
    if (status === undefined || status.health === this.health) return;
    const { health, ready, replicas } = status;
    const level = health === 'UNHEALTHY' ? 'warn' : 'info';
    this.logger[level]({ pool: name, ready, replicas, before: this.health }, `the executor pool is ${health}`);
    this.health = health;
  }

  private assertOwnPart(): void {
    const { wanted } = this.host;
    const ready = this.host.state()?.executors.filter(({ state }) => state === 'READY').length ?? 0;
    if (healthOf(ready, wanted) === 'UNHEALTHY') {
      throw new Error(`${ready} of the ${wanted} executors of this worker take requests`);
    }
  }
}

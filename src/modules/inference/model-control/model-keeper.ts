import { Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { channels, Notifications } from '../../../common/notifications/notifications.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { ExecutorView } from '../client/executor-view.js';
import { readyExecutors } from '../client/placement.rules.js';
import { ExecutorHost } from '../hosting/executor-host.service.js';
import { ordersFor } from './file-plan.rules.js';
import { FilePlans } from './file-plans.service.js';

/** How often a worker reads what is wanted, even if nothing was heard, in milliseconds. */
const READ_EVERY_MS = 10_000;

/** Tells this worker's executors which models to keep loaded and which to refuse, whenever that changes or they do. */
@Injectable()
export class ModelKeeper implements OnApplicationBootstrap {
  private readonly endings: (() => void)[] = [];
  private readonly task: PeriodicTask;

  constructor(
    private readonly plans: FilePlans,
    private readonly host: ExecutorHost,
    private readonly view: ExecutorView,
    private readonly notifications: Notifications,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.task = new PeriodicTask(
      READ_EVERY_MS,
      () => this.read(),
      (err) => logger.warn({ err }, 'executors could not be told which models to keep'),
    );
  }

  async onApplicationBootstrap(): Promise<void> {
    const read = (): void => void this.task.run();
    this.task.start();
    this.endings.push(
      this.notifications.subscribe(channels.registryChanged, read),
      this.notifications.onGap(read),
      this.view.onChange(() => this.order()),
    );
    await this.task.run();
  }

  /** To be called before the executors are stopped. */
  async stop(): Promise<void> {
    for (const end of this.endings.splice(0)) end();
    await this.task.stop();
  }

  private async read(): Promise<void> {
    await this.plans.read();
    this.order();
  }

  private order(): void {
    const executors = readyExecutors(this.view.hosts());
    this.host.order(({ id }) => ordersFor(id, executors, this.plans.known));
  }
}

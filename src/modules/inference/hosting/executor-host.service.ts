import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { InstallationSecret } from '../../../common/crypto/installation-secret.js';
import { LOGGER } from '../../../common/observability/logger.js';
import type { ModelOrders } from '../protocol/control.js';
import type { ExecutorHostState, ExecutorState } from '../protocol/executor-state.js';
import { ExecutorDirectory } from '../pool/executor-directory.js';
import { defaultResources } from './default-resources.js';
import { executorEndpoint } from './executor-endpoint.js';
import { launchOptions } from './executor-launch.js';
import { ExecutorPool } from '../pool/executor-pool.js';
import type { ExecutorResources } from '../pool/executor-resources.js';
import { ModelFiles } from '../pool/model-files.js';
import { machineSize } from './machine.js';

/** Longest part of a host id that is taken from the machine's name. */
const NAME_LENGTH = 24;

/** The pool of this worker, from the worker's start to its end. Ends last: jobs in flight still need it. */
@Injectable()
export class ExecutorHost implements OnModuleInit {
  private pool: ExecutorPool | undefined;
  private size = 0;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly modelFiles: ModelFiles,
    private readonly directory: ExecutorDirectory,
    private readonly secret: InstallationSecret,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    const { settings } = this;
    this.pool = await ExecutorPool.start({
      ...launchOptions(settings, this.logger),
      ...defaultResources(settings),
      hostId: `${hostname().slice(0, NAME_LENGTH)}-${randomUUID().slice(0, 8)}`,
      pool: settings.NESTOR_POOL,
      machine: machineSize(),
      // How many and with what, `PoolScaler` says.
      executors: 0,
      batchMs: settings.NESTOR_EXECUTOR_BATCH_MS,
      maxBatchRows: settings.NESTOR_EXECUTOR_MAX_BATCH_ROWS,
      maxLoads: settings.NESTOR_EXECUTOR_MAX_LOADS,
      drainTimeoutMs: settings.NESTOR_SHUTDOWN_TIMEOUT_MS,
      endpoint: executorEndpoint(settings, this.secret),
      modelFiles: this.modelFiles,
      directory: this.directory,
    });
  }

  /** Lets the executors finish what they have and ends them. */
  async stop(): Promise<void> {
    await this.pool?.stop(this.settings.NESTOR_SHUTDOWN_TIMEOUT_MS);
  }

  /** Changes the number of executors; those that are too many finish what they have. */
  resize(executors: number): void {
    this.size = executors;
    this.pool?.resize(executors);
  }

  /** Says what the executors are to do with models. */
  order(ordersOf: (executor: ExecutorState) => ModelOrders): void {
    this.pool?.order(ordersOf);
  }

  /** Changes what executors are given; they are replaced one by one. */
  configure(resources: ExecutorResources): void {
    this.pool?.configure(resources);
  }

  /** Executors that this worker is to have. */
  get wanted(): number {
    return this.size;
  }

  /** What this worker's executors do; undefined before they are started. */
  state(): ExecutorHostState | undefined {
    return this.pool?.state();
  }
}

import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import type { ExecutorHostState } from '../protocol/executor-state.js';
import { ExecutorDirectory } from '../pool/executor-directory.js';
import { launchOptions } from './executor-launch.js';
import { ExecutorPool } from '../pool/executor-pool.js';
import { ModelFiles } from '../pool/model-files.js';

/** Longest part of a host id that is taken from the machine's name. */
const NAME_LENGTH = 24;

/** The pool of this worker, from the worker's start to its end. Ends last: jobs in flight still need it. */
@Injectable()
export class ExecutorHost implements OnModuleInit {
  private pool: ExecutorPool | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly modelFiles: ModelFiles,
    private readonly directory: ExecutorDirectory,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  async onModuleInit(): Promise<void> {
    const { settings } = this;
    this.pool = await ExecutorPool.start({
      ...launchOptions(settings, this.logger),
      hostId: `${hostname().slice(0, NAME_LENGTH)}-${randomUUID().slice(0, 8)}`,
      pool: settings.NESTOR_POOL,
      executors: settings.NESTOR_EXECUTORS,
      devices: settings.NESTOR_DEVICES,
      cacheBytes: settings.NESTOR_EXECUTOR_CACHE_BYTES,
      batchMs: settings.NESTOR_EXECUTOR_BATCH_MS,
      maxBatchRows: settings.NESTOR_EXECUTOR_MAX_BATCH_ROWS,
      maxLoads: settings.NESTOR_EXECUTOR_MAX_LOADS,
      threads: settings.NESTOR_EXECUTOR_THREADS,
      drainTimeoutMs: settings.NESTOR_SHUTDOWN_TIMEOUT_MS,
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
    this.pool?.resize(executors);
  }

  /** What this worker's executors do; undefined before they are started. */
  state(): ExecutorHostState | undefined {
    return this.pool?.state();
  }
}

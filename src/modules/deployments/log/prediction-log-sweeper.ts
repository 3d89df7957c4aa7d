import { type BeforeApplicationShutdown, Inject, Injectable, type OnApplicationBootstrap } from '@nestjs/common';
import type { Logger } from 'pino';
import { PeriodicTask } from '../../../common/concurrency/periodic-task.js';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { PredictionLogRepository } from './prediction-log.repository.js';

/** How often old entries are looked for, in milliseconds. */
const SWEEP_MS = 60_000;
/** Rows of one statement. */
const BATCH = 1_000;
/** Batches of one sweep; the next one goes on where it ended. */
const MAX_BATCHES = 50;

/** Deletes predictions from the log once they are as old as they may get. */
@Injectable()
export class PredictionLogSweeper implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly task: PeriodicTask;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly repository: PredictionLogRepository,
    @Inject(LOGGER) logger: Logger,
  ) {
    this.task = new PeriodicTask(
      SWEEP_MS,
      () => this.deleteOld(),
      (err) => logger.warn({ err }, 'old predictions could not be deleted from the log'),
    );
  }

  onApplicationBootstrap(): void {
    this.task.start();
  }

  /** Ends after what is under way, while the database is still there. */
  async beforeApplicationShutdown(): Promise<void> {
    await this.task.stop();
  }

  /** Never fails: what could not be done now is done by the next sweep. */
  async sweep(): Promise<void> {
    await this.task.run();
  }

  private async deleteOld(): Promise<void> {
    const days = this.settings.NESTOR_PREDICTION_LOG_RETENTION_DAYS;
    for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
      if ((await this.repository.deleteOlderThan(days, BATCH)) < BATCH) return;
    }
  }
}

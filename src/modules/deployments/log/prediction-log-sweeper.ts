import { Inject, Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
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
export class PredictionLogSweeper implements OnApplicationBootstrap, OnApplicationShutdown {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly repository: PredictionLogRepository,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.sweep(), SWEEP_MS).unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.timer);
  }

  /** Never fails: what could not be done now is done by the next sweep. */
  async sweep(): Promise<void> {
    const days = this.settings.NESTOR_PREDICTION_LOG_RETENTION_DAYS;
    try {
      for (let batch = 0; batch < MAX_BATCHES; batch += 1) {
        if ((await this.repository.deleteOlderThan(days, BATCH)) < BATCH) return;
      }
    } catch (err) {
      this.logger.warn({ err }, 'old predictions could not be deleted from the log');
    }
  }
}

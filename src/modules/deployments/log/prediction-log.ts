import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { InjectMetric } from '@willsoto/nestjs-prometheus';
import type { Logger } from 'pino';
import type { Counter } from 'prom-client';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { sqlStateOf } from '../../../common/database/database-errors.rules.js';
import { LOGGER } from '../../../common/observability/logger.js';
import type { PredictionEntry } from './logged-prediction.js';
import { bytesOf } from './payload.rules.js';
import { LOGGED_PREDICTIONS } from './prediction-log-metrics.js';
import { PredictionLogRepository } from './prediction-log.repository.js';

/** How long entries gather before they are written together, in milliseconds. */
const GATHER_MS = 50;
/** Most entries of one statement. */
const BATCH_SIZE = 500;
/** Tensors that may wait, in bytes. */
const MAX_BYTES = 64 * 1024 * 1024;
/** Wait after the first failed write, in milliseconds; doubled each time up to the longest. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;

/**
 * Takes what is to be logged and writes it beside the way of predictions, many with one statement. Predictions never wait
 * for it: what does not fit, because nothing can be written, is dropped and counted.
 */
@Injectable()
export class PredictionLog {
  private readonly buffer: PredictionEntry[] = [];
  private bytes = 0;
  private inFlight = 0;
  private running: Promise<void> | undefined;
  private isClosed = false;
  private isAbandoned = false;

  constructor(
    private readonly repository: PredictionLogRepository,
    @InjectMetric(LOGGED_PREDICTIONS) private readonly outcomes: Counter,
    @Inject(SETTINGS)
    private readonly settings: Pick<Settings, 'NESTOR_PREDICTION_LOG_BUFFER' | 'NESTOR_SHUTDOWN_TIMEOUT_MS'>,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Entries that are not known to be written. */
  get waiting(): number {
    return this.buffer.length + this.inFlight;
  }

  /** @returns whether there was room for it. */
  add(entry: PredictionEntry): boolean {
    const bytes = bytesOf(entry);
    const isFull = this.waiting >= this.settings.NESTOR_PREDICTION_LOG_BUFFER || this.bytes + bytes > MAX_BYTES;
    if (this.isClosed || isFull) {
      this.outcomes.inc({ outcome: 'dropped' });
      return false;
    }
    this.buffer.push(entry);
    this.bytes += bytes;
    this.running ??= this.run();
    return true;
  }

  /** Takes nothing more and writes what waits, as long as there is time. */
  async close(): Promise<void> {
    this.isClosed = true;
    await Promise.race([this.running, sleep(this.settings.NESTOR_SHUTDOWN_TIMEOUT_MS, undefined, { ref: false })]);
    this.isAbandoned = true;
    if (this.waiting > 0) this.logger.warn({ predictions: this.waiting }, 'predictions could not be logged');
  }

  private async run(): Promise<void> {
    do {
      await sleep(GATHER_MS);
      const batch = this.buffer.splice(0, BATCH_SIZE);
      this.inFlight = batch.length;
      const isWritten = await this.write(batch);
      this.outcomes.inc({ outcome: isWritten ? 'written' : 'dropped' }, batch.length);
      this.bytes -= batch.reduce((sum, entry) => sum + bytesOf(entry), 0);
      this.inFlight = 0;
    } while (this.buffer.length > 0 && !this.isAbandoned);
    this.running = undefined;
  }

  /** Tries until it is done, unless it is the data itself that the database refuses. */
  private async write(batch: readonly PredictionEntry[]): Promise<boolean> {
    let retryMs = 0;
    while (!this.isAbandoned) {
      try {
        await this.repository.insertAll(batch);
        return true;
      } catch (err) {
        this.logger.warn({ err, waiting: this.waiting }, 'predictions could not be logged; they wait or are dropped');
        if (isRefusal(err)) return false;
        retryMs = Math.min(LONGEST_RETRY_MS, Math.max(FIRST_RETRY_MS, retryMs * 2));
        await sleep(retryMs);
      }
    }
    return false;
  }
}

/** SQLSTATE classes 22 and 23: data that does not fit, however often it is sent. */
const isRefusal = (error: unknown): boolean => /^2[23]/.test(sqlStateOf(error) ?? '');

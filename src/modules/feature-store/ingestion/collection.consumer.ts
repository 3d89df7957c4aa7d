import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import { outcomeOfFailure } from '../../../common/queue/attempt.rules.js';
import type { Delivery } from '../../../common/queue/delivery.js';
import { LeasedConsumer } from '../../../common/queue/leased-consumer.js';
import { QueueConsumer } from '../../../common/queue/queue-consumer.decorator.js';
import { queues } from '../../../common/queue/queues.js';
import { CollectionQueue } from './collection-queue.js';
import {
  type ClaimedCollection,
  type CollectionFailure,
  CollectionRunRepository,
} from './collection-run.repository.js';
import { CollectionRunner } from './collection-runner.js';

/** A collection belongs to its worker for so long without a sign of life, in milliseconds. */
const LEASE_MS = queues['data-collections'].lockDurationMs;

const handedBack: CollectionFailure = {
  kind: 'RETRY',
  errorCode: null,
  errorMessage: null,
  delayMs: 0,
  isHandedBack: true,
};

/** Takes collections on, one at a time of each source. */
@QueueConsumer('data-collections')
@Injectable()
export class CollectionConsumer extends LeasedConsumer<ClaimedCollection> implements BeforeApplicationShutdown {
  /** Id of this worker in the rows that it holds; another one after each start. */
  private readonly workerId = randomUUID();

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly runs: CollectionRunRepository,
    private readonly runner: CollectionRunner,
    private readonly queue: CollectionQueue,
    @Inject(LOGGER) logger: Logger,
  ) {
    const { NESTOR_DATA_CONCURRENCY: places, NESTOR_SHUTDOWN_TIMEOUT_MS: shutdownTimeoutMs } = settings;
    super({ queue: 'data-collections', places, shutdownTimeoutMs }, logger);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  protected override claim(turn: Delivery): Promise<ClaimedCollection | undefined> {
    return this.runs.claim(turn, this.workerId, LEASE_MS);
  }

  protected override renew(ids: readonly string[]): Promise<Set<string>> {
    return this.runs.renewLeases(ids, this.workerId, LEASE_MS);
  }

  protected override async execute(run: ClaimedCollection, signal: AbortSignal): Promise<void> {
    try {
      await this.runner.run(run, signal);
    } catch (error) {
      const next = await this.runs.fail(run, signal.aborted ? handedBack : this.failureOf(run, error));
      if (next !== undefined) await this.queue.add([next]);
    }
    await this.queue.add(await this.runs.takeNextOf(run.sourceId));
  }

  private failureOf({ id, attempts, maxAttempts }: ClaimedCollection, error: unknown): CollectionFailure {
    const outcome = outcomeOfFailure(error, attempts, maxAttempts, this.settings.NESTOR_JOB_BACKOFF_MS, Math.random());
    if (outcome.code === 'INTERNAL_SERVER_ERROR') {
      this.logger.error({ err: error, collectionId: id, errorId: randomUUID() }, 'a collection failed unexpectedly');
    }
    return {
      kind: outcome.kind === 'RETRY' ? 'RETRY' : 'FAILED',
      errorCode: outcome.code,
      // PostgreSQL's text holds no NUL.
      errorMessage: outcome.message.replaceAll('\0', ''),
      delayMs: outcome.kind === 'RETRY' ? outcome.delayMs : 0,
      isHandedBack: false,
    };
  }
}

import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { LOGGER } from '../../../../common/observability/logger.js';
import type { Delivery } from '../../../../common/queue/delivery.js';
import { failedAttempt } from '../../../../common/queue/failed-attempt.js';
import { LeasedConsumer } from '../../../../common/queue/leased-consumer.js';
import { handedBack, type Lease, type LeasedFailure } from '../../../../common/queue/leased-rows.js';
import { QueueConsumer } from '../../../../common/queue/queue-consumer.decorator.js';
import { queues } from '../../../../common/queue/queues.js';
import type { HistoricalFeaturesJob } from './historical-features-job.js';
import { HistoricalFeaturesJobRepository } from './historical-features-job.repository.js';
import { HistoricalFeaturesQueue } from './historical-features-queue.js';
import { HistoricalFeaturesRunner } from './historical-features.runner.js';

/** A job belongs to its worker for so long without a sign of life, in milliseconds. */
const LEASE_MS = queues['historical-features'].lockDurationMs;

type ClaimedJob = Lease & { readonly job: HistoricalFeaturesJob };

/** Takes jobs on that get historical features. */
@QueueConsumer('historical-features')
@Injectable()
export class HistoricalFeaturesConsumer extends LeasedConsumer<ClaimedJob> implements BeforeApplicationShutdown {
  /** Id of this worker in the rows that it holds; another one after each start. */
  private readonly workerId = randomUUID();

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly jobs: HistoricalFeaturesJobRepository,
    private readonly runner: HistoricalFeaturesRunner,
    private readonly queue: HistoricalFeaturesQueue,
    @Inject(LOGGER) logger: Logger,
  ) {
    const { NESTOR_DATA_CONCURRENCY: places, NESTOR_SHUTDOWN_TIMEOUT_MS: shutdownTimeoutMs } = settings;
    super({ queue: 'historical-features', places, shutdownTimeoutMs }, logger);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  protected override async claim(turn: Delivery): Promise<ClaimedJob | undefined> {
    const lease = await this.jobs.leases.claim(turn, this.workerId, LEASE_MS);
    const job = lease && (await this.jobs.findClaimed(lease.id));
    return job ? { ...lease, job } : undefined;
  }

  protected override renew(ids: readonly string[]): Promise<Set<string>> {
    return this.jobs.leases.renew(ids, this.workerId, LEASE_MS);
  }

  protected override async execute(claimed: ClaimedJob, signal: AbortSignal): Promise<void> {
    try {
      await this.runner.run(claimed, claimed.job, signal);
    } catch (error) {
      const failure = signal.aborted ? handedBack : this.failureOf(claimed.job, error);
      const next = await this.jobs.leases.fail(claimed, failure);
      if (next !== undefined) await this.queue.add([next]);
    }
  }

  private failureOf({ id, attempts, maxAttempts }: HistoricalFeaturesJob, error: unknown): LeasedFailure {
    const numbers = { attempt: attempts, maxAttempts, backoffMs: this.settings.NESTOR_JOB_BACKOFF_MS };
    const failed = failedAttempt(error, numbers, (facts) =>
      this.logger.error({ ...facts, jobId: id }, 'a job of historical features failed unexpectedly'),
    );
    return { ...failed, kind: failed.kind === 'RETRY' ? 'RETRY' : 'FAILED', isHandedBack: false };
  }
}

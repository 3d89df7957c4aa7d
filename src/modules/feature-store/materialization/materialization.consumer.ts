import { randomUUID } from 'node:crypto';
import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../common/config/config.module.js';
import type { Settings } from '../../../common/config/settings.js';
import { LOGGER } from '../../../common/observability/logger.js';
import type { Delivery } from '../../../common/queue/delivery.js';
import { failedAttempt } from '../../../common/queue/failed-attempt.js';
import { LeasedConsumer } from '../../../common/queue/leased-consumer.js';
import { QueueConsumer } from '../../../common/queue/queue-consumer.decorator.js';
import { queues } from '../../../common/queue/queues.js';
import { MaterializationQueue } from './materialization-queue.js';
import {
  type ClaimedMaterialization,
  type MaterializationFailure,
  MaterializationRunRepository,
} from './materialization-run.repository.js';
import { Materializer } from './materializer.js';

/** A materialization belongs to its worker for so long without a sign of life, in milliseconds. */
const LEASE_MS = queues['feature-materializations'].lockDurationMs;

const handedBack: MaterializationFailure = {
  kind: 'RETRY',
  errorCode: null,
  errorMessage: null,
  delayMs: 0,
  isHandedBack: true,
};

/** Takes materializations on, one at a time of each view. */
@QueueConsumer('feature-materializations')
@Injectable()
export class MaterializationConsumer
  extends LeasedConsumer<ClaimedMaterialization>
  implements BeforeApplicationShutdown
{
  /** Id of this worker in the rows that it holds; another one after each start. */
  private readonly workerId = randomUUID();

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly runs: MaterializationRunRepository,
    private readonly materializer: Materializer,
    private readonly queue: MaterializationQueue,
    @Inject(LOGGER) logger: Logger,
  ) {
    const { NESTOR_DATA_CONCURRENCY: places, NESTOR_SHUTDOWN_TIMEOUT_MS: shutdownTimeoutMs } = settings;
    super({ queue: 'feature-materializations', places, shutdownTimeoutMs }, logger);
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
  }

  protected override claim(turn: Delivery): Promise<ClaimedMaterialization | undefined> {
    return this.runs.claim(turn, this.workerId, LEASE_MS);
  }

  protected override renew(ids: readonly string[]): Promise<Set<string>> {
    return this.runs.renewLeases(ids, this.workerId, LEASE_MS);
  }

  protected override async execute(run: ClaimedMaterialization, signal: AbortSignal): Promise<void> {
    try {
      await this.materializer.run(run, signal);
    } catch (error) {
      const next = await this.runs.fail(run, signal.aborted ? handedBack : this.failureOf(run, error));
      if (next !== undefined) await this.queue.add([next]);
    }
    await this.queue.add(await this.runs.takeNextOf(run.viewId));
  }

  private failureOf(run: ClaimedMaterialization, error: unknown): MaterializationFailure {
    const numbers = {
      attempt: run.attempts,
      maxAttempts: run.maxAttempts,
      backoffMs: this.settings.NESTOR_JOB_BACKOFF_MS,
    };
    const failure = failedAttempt(error, numbers, (facts) =>
      this.logger.error({ ...facts, materializationId: run.id }, 'a materialization failed unexpectedly'),
    );
    return { ...failure, kind: failure.kind === 'RETRY' ? 'RETRY' : 'FAILED', isHandedBack: false };
  }
}

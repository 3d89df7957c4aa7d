import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { LOGGER } from '../../../../common/observability/logger.js';
import { QueueConsumer } from '../../../../common/queue/queue-consumer.decorator.js';
import type { Delivery } from '../../../../common/queue/delivery.js';
import { failedAttempt } from '../../../../common/queue/failed-attempt.js';
import { BatchAnnouncements } from '../batch-announcements.js';
import { BatchDispatch } from '../batch-dispatch.js';
import type { ChangedBatch, ClaimedBatch } from '../batch-inference.js';
import { isBatchEnded } from '../batch-state.rules.js';
import { BatchStepRepository, type StepFailure } from '../batch-step.repository.js';
import { BatchAssembler } from './batch-assembler.js';
import { BatchSplitter } from './batch-splitter.js';
import { LeasedConsumer } from '../../../../common/queue/leased-consumer.js';
import { BATCH_LEASE_MS, BatchWorkerId } from './worker-id.js';

/** Steps that one worker has in hand: each reads or writes a whole file. */
const PLACES = 2;

const handedBack: StepFailure = { kind: 'RETRY', errorCode: null, errorMessage: null, delayMs: 0, isHandedBack: true };

/** Does what is done once for a batch: splits its file, and assembles its output. */
@QueueConsumer('batch-steps')
@Injectable()
export class BatchStepConsumer extends LeasedConsumer<ClaimedBatch> implements OnApplicationShutdown {
  private readonly endSubscription: () => void;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly workerId: BatchWorkerId,
    private readonly repository: BatchStepRepository,
    private readonly splitter: BatchSplitter,
    private readonly assembler: BatchAssembler,
    private readonly dispatch: BatchDispatch,
    announcements: BatchAnnouncements,
    @Inject(LOGGER) logger: Logger,
  ) {
    super({ queue: 'batch-steps', places: PLACES, shutdownTimeoutMs: settings.NESTOR_SHUTDOWN_TIMEOUT_MS }, logger);
    this.endSubscription = announcements.subscribe(({ status }) => {
      if (isBatchEnded(status)) void this.renewNow();
    });
  }

  onApplicationShutdown(): void {
    this.endSubscription();
  }

  protected override claim(turn: Delivery): Promise<ClaimedBatch | undefined> {
    return this.repository.claim(turn, this.workerId.value, BATCH_LEASE_MS);
  }

  protected override renew(ids: readonly string[]): Promise<Set<string>> {
    return this.repository.renewLeases(ids, this.workerId.value, BATCH_LEASE_MS);
  }

  protected override async execute(batch: ClaimedBatch, signal: AbortSignal): Promise<void> {
    const changed = await this.step(batch, signal).catch((error: unknown) =>
      this.repository.fail(batch, signal.aborted ? handedBack : this.failureOf(batch, error)),
    );
    if (changed !== undefined) await this.dispatch.dispatch(changed);
  }

  private async step(batch: ClaimedBatch, signal: AbortSignal): Promise<ChangedBatch | undefined> {
    if (batch.status === 'ASSEMBLING') {
      return this.repository.finishAssembly(batch, await this.assembler.assemble(batch, signal));
    }
    const file = await this.splitter.split(batch, signal);
    const changed = await this.repository.finishSplit(batch, file);
    if (changed === undefined) await this.splitter.discard(file);
    return changed;
  }

  private failureOf({ id: batchId, attempts, maxAttempts }: ClaimedBatch, error: unknown): StepFailure {
    const numbers = { attempt: attempts, maxAttempts, backoffMs: this.settings.NESTOR_JOB_BACKOFF_MS };
    const { kind, ...failure } = failedAttempt(error, numbers, (facts) =>
      this.logger.error({ ...facts, batchId }, 'a step of a batch failed unexpectedly'),
    );
    return { ...failure, kind: kind === 'RETRY' ? 'RETRY' : 'FAILED', isHandedBack: false };
  }
}

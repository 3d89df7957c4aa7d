import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import { SETTINGS } from '../../../../common/config/config.module.js';
import type { Settings } from '../../../../common/config/settings.js';
import { CodedError } from '../../../../common/errors/coded-error.js';
import { LOGGER } from '../../../../common/observability/logger.js';
import { QueueConsumer } from '../../../../common/queue/queue-consumer.decorator.js';
import { ArtifactStore } from '../../../../common/storage/artifact-store.js';
import { RegistrySnapshot } from '../../../registry/snapshot/registry-snapshot.js';
import { ExecutorView } from '../../client/executor-view.js';
import { firstReady } from '../../directory/first-ready.js';
import type { Delivery } from '../../../../common/queue/delivery.js';
import { failedAttempt } from '../../../../common/queue/failed-attempt.js';
import { BatchAnnouncements } from '../batch-announcements.js';
import { BatchChunkRepository, type ChunkFailure } from '../batch-chunk.repository.js';
import { BatchDispatch } from '../batch-dispatch.js';
import type { ClaimedChunk } from '../batch-inference.js';
import { BatchChunkQueue } from '../batch-queues.js';
import { isBatchEnded } from '../batch-state.rules.js';
import { encodeOutcomes, type RowOutcome } from '../row-outcome.rules.js';
import { ChunkInference } from './chunk-inference.js';
import { readChunkRows } from './chunk-rows.js';
import { LeasedConsumer } from '../../../../common/queue/leased-consumer.js';
import { BATCH_LEASE_MS, BatchWorkerId } from './worker-id.js';

/** Largest result of one chunk that is kept until its batch is assembled, in bytes after compression. */
const MAX_RESULT_BYTES = 64 * 1024 * 1024;

/** How long a worker that starts waits for an executor before it takes chunks all the same, in milliseconds. */
const EXECUTORS_READY_WITHIN_MS = 10_000;

const handedBack: ChunkFailure = {
  status: 'QUEUED',
  errorCode: null,
  errorMessage: null,
  delayMs: 0,
  isHandedBack: true,
};

/** Runs chunks: reads their rows, lets executors work, keeps the outcomes. */
@QueueConsumer('batch-chunks')
@Injectable()
export class BatchChunkConsumer extends LeasedConsumer<ClaimedChunk> implements OnApplicationShutdown {
  private readonly endSubscription: () => void;

  constructor(
    @Inject(SETTINGS) private readonly settings: Settings,
    private readonly workerId: BatchWorkerId,
    private readonly repository: BatchChunkRepository,
    private readonly store: ArtifactStore,
    private readonly registry: RegistrySnapshot,
    private readonly inference: ChunkInference,
    private readonly queue: BatchChunkQueue,
    private readonly dispatch: BatchDispatch,
    private readonly view: ExecutorView,
    announcements: BatchAnnouncements,
    @Inject(LOGGER) logger: Logger,
  ) {
    const { NESTOR_BATCH_CONCURRENCY: places, NESTOR_SHUTDOWN_TIMEOUT_MS: shutdownTimeoutMs } = settings;
    super({ queue: 'batch-chunks', places, shutdownTimeoutMs }, logger);
    this.endSubscription = announcements.subscribe(({ status }) => {
      if (isBatchEnded(status)) void this.renewNow();
    });
  }

  onApplicationShutdown(): void {
    this.endSubscription();
  }

  /** Chunks taken before the executors are started would only spend their attempts. */
  protected override async whenReady(): Promise<void> {
    if (this.settings.NESTOR_EXECUTORS > 0) await firstReady(this.view, EXECUTORS_READY_WITHIN_MS);
  }

  protected override claim(turn: Delivery): Promise<ClaimedChunk | undefined> {
    return this.repository.claim(turn, this.workerId.value, BATCH_LEASE_MS);
  }

  protected override renew(ids: readonly string[]): Promise<Set<string>> {
    return this.repository.renewLeases(ids, this.workerId.value, BATCH_LEASE_MS);
  }

  protected override async execute(chunk: ClaimedChunk, signal: AbortSignal): Promise<void> {
    try {
      const outcomes = await this.run(chunk, signal);
      const rowsFailed = outcomes.filter(({ error }) => error !== null).length;
      const batch = await this.repository.succeed(chunk, this.workerId.value, encoded(outcomes), rowsFailed);
      if (batch !== undefined) await this.dispatch.progressed(batch);
    } catch (error) {
      const failure = signal.aborted ? handedBack : this.failureOf(chunk, error);
      const { next, batch } = await this.repository.fail(chunk, this.workerId.value, failure);
      if (batch !== undefined) await this.dispatch.progressed(batch);
      if (next !== undefined) await this.queue.add([next]);
    }
  }

  private async run(chunk: ClaimedChunk, signal: AbortSignal): Promise<RowOutcome[]> {
    const version = await this.registry.resolveServed(chunk.workspaceId, chunk);
    const rows = await readChunkRows(this.store, chunk, chunk);
    return this.inference.run({ version, rows, isText: chunk.inputFormat === 'CSV', signal });
  }

  private failureOf(chunk: ClaimedChunk, error: unknown): ChunkFailure {
    const { attempt, maxAttempts, id: chunkId } = chunk;
    const numbers = { attempt, maxAttempts, backoffMs: this.settings.NESTOR_JOB_BACKOFF_MS };
    const { kind, ...failure } = failedAttempt(error, numbers, (facts) =>
      this.logger.error({ ...facts, chunkId }, 'a chunk of a batch failed unexpectedly'),
    );
    return { ...failure, status: kind === 'RETRY' ? 'QUEUED' : 'FAILED', isHandedBack: false };
  }
}

function encoded(outcomes: readonly RowOutcome[]): Buffer {
  const result = encodeOutcomes(outcomes);
  if (result.byteLength <= MAX_RESULT_BYTES) return result;
  throw new CodedError(
    'PAYLOAD_TOO_LARGE',
    `the answers take ${result.byteLength} bytes; a chunk keeps at most ${MAX_RESULT_BYTES}. Ask for fewer chunkRows.`,
  );
}

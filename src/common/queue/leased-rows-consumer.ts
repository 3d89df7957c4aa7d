import { randomUUID } from 'node:crypto';
import type { BeforeApplicationShutdown } from '@nestjs/common';
import type { Logger } from 'pino';
import type { Settings } from '../config/settings.js';
import type { Delivery } from './delivery.js';
import { failedAttempt } from './failed-attempt.js';
import { LeasedConsumer } from './leased-consumer.js';
import type { LeasedRowEntity } from './leased-row.entity.js';
import { type Claimed, handedBack, type LeasedFailure, type LeasedRows } from './leased-rows.js';
import { type QueueName, queues } from './queues.js';
import type { TurnQueue } from './turn-queue.js';

/** Runs the work on data that leased rows tell of: an attempt that fails is tried again where another one may succeed. */
export abstract class LeasedRowsConsumer<Row extends LeasedRowEntity>
  extends LeasedConsumer<Claimed<Row>>
  implements BeforeApplicationShutdown
{
  /** Id of this worker in the rows that it holds; another one after each start. */
  private readonly workerId = randomUUID();

  /** A row belongs to its worker for so long without a sign of life, in milliseconds. */
  private readonly leaseMs: number;

  protected constructor(
    queue: QueueName,
    private readonly settings: Settings,
    private readonly rows: LeasedRows<Row>,
    private readonly turns: TurnQueue,
    logger: Logger,
  ) {
    super(
      { queue, places: settings.NESTOR_DATA_CONCURRENCY, shutdownTimeoutMs: settings.NESTOR_SHUTDOWN_TIMEOUT_MS },
      logger,
    );
    this.leaseMs = queues[queue].lockDurationMs;
  }

  async beforeApplicationShutdown(): Promise<void> {
    await this.stop();
    await this.rows.announceNow();
  }

  /** Does the work and records that it succeeded. @param signal fires when the row is no longer this worker's, or it stops. */
  protected abstract run(row: Claimed<Row>, signal: AbortSignal): Promise<void>;

  protected override claim(turn: Delivery): Promise<Claimed<Row> | undefined> {
    return this.rows.claim(turn, this.workerId, this.leaseMs);
  }

  protected override renew(ids: readonly string[]): Promise<Set<string>> {
    return this.rows.renew(ids, this.workerId, this.leaseMs);
  }

  protected override async execute(row: Claimed<Row>, signal: AbortSignal): Promise<void> {
    try {
      await this.run(row, signal);
    } catch (error) {
      const next = await this.rows.fail(row, signal.aborted ? handedBack : this.failureOf(row, error));
      if (next !== undefined) await this.turns.add([next]);
    }
    await this.turns.add(await this.rows.takeNextBeside(row));
  }

  private failureOf({ id, attempts: attempt, maxAttempts }: LeasedRowEntity, error: unknown): LeasedFailure {
    const numbers = { attempt, maxAttempts, backoffMs: this.settings.NESTOR_JOB_BACKOFF_MS };
    const failed = failedAttempt(error, numbers, (facts) =>
      this.logger.error({ ...facts, id, queue: this.turns.name }, 'work failed unexpectedly'),
    );
    return { ...failed, kind: failed.kind === 'RETRY' ? 'RETRY' : 'FAILED', isHandedBack: false };
  }
}

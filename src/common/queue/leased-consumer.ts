import { OnWorkerEvent, WorkerHost } from '@nestjs/bullmq';
import type { OnApplicationBootstrap, OnModuleDestroy } from '@nestjs/common';
import type { Job } from 'bullmq';
import type { Logger } from 'pino';
import type { Delivery } from './delivery.js';
import { turnFromData } from './pack.rules.js';
import { type QueueName, queues } from './queues.js';

/** How often the worker says that it lives within a lease, which lasts as long as the queue's lock. */
const RENEWALS = 3;

/** How often a stopping worker looks whether its work has ended, in milliseconds. */
const DRAIN_POLL_MS = 20;

export interface LeasedConsumerOptions {
  readonly queue: QueueName;
  /** Turns that are in hand at a time. */
  readonly places: number;
  /** How long work in flight may finish after a stop was asked for, in milliseconds. */
  readonly shutdownTimeoutMs: number;
}

/**
 * Takes turns of rows from a queue for as long as the worker runs, and renews its leases on them. A turn whose row is no
 * longer this worker's is given up.
 */
export abstract class LeasedConsumer<Claimed extends Delivery>
  extends WorkerHost
  implements OnApplicationBootstrap, OnModuleDestroy
{
  private readonly running = new Map<string, AbortController>();
  private renewal: NodeJS.Timeout | undefined;
  private stopping: Promise<void> | undefined;

  protected constructor(
    private readonly options: LeasedConsumerOptions,
    protected readonly logger: Logger,
  ) {
    super();
  }

  /** Ids of the rows that this worker has taken on. */
  get runningIds(): string[] {
    return [...this.running.keys()];
  }

  override async process(job: Job): Promise<void> {
    const claimed = await this.claim(turnFromData(job.data));
    if (claimed === undefined) return;
    const abort = new AbortController();
    this.running.set(claimed.id, abort);
    try {
      await this.execute(claimed, abort.signal);
    } finally {
      if (this.running.get(claimed.id) === abort) this.running.delete(claimed.id);
    }
  }

  @OnWorkerEvent('error')
  onError(err: Error): void {
    this.logger.warn({ err, queue: this.options.queue }, 'the worker cannot reach a queue');
  }

  @OnWorkerEvent('failed')
  onFailed(_job: Job | undefined, err: Error): void {
    this.logger.warn({ err, queue: this.options.queue }, 'a turn could not be recorded; the sweeper queues it again');
  }

  onApplicationBootstrap(): void {
    this.renewal = setInterval(() => void this.renewNow(), queues[this.options.queue].lockDurationMs / RENEWALS);
    void this.takeTurns();
  }

  /**
   * Begins to stop when the process does, and waits for nothing: modules are shut down one after the other, and the time
   * there is would be over before the last consumer could hand its work back.
   */
  onModuleDestroy(): void {
    // Who waits for the end hears of a failure.
    this.stop().catch(() => undefined);
  }

  /** Takes no more turns, lets those in flight end within the time there is, and hands the rest back. */
  stop(): Promise<void> {
    this.stopping ??= this.drain();
    return this.stopping;
  }

  /** Says that this worker still has its rows, and gives up those that are no longer its own. */
  async renewNow(): Promise<void> {
    const ids = this.runningIds;
    if (ids.length === 0) return;
    try {
      const own = await this.renew(ids);
      for (const id of ids) if (!own.has(id)) this.running.get(id)?.abort();
    } catch (err) {
      this.logger.warn({ err, queue: this.options.queue }, 'the leases of turns could not be renewed');
    }
  }

  /** Resolves when turns can be run. */
  protected whenReady(): Promise<void> {
    return Promise.resolve();
  }

  /** @returns undefined where the row does not wait for this turn. */
  protected abstract claim(turn: Delivery): Promise<Claimed | undefined>;

  /** Does the work and records how it ended. @param signal fires when the row is no longer this worker's, or it stops. */
  protected abstract execute(claimed: Claimed, signal: AbortSignal): Promise<void>;

  /** @returns the ids of the rows that are still this worker's. */
  protected abstract renew(ids: readonly string[]): Promise<Set<string>>;

  private async drain(): Promise<void> {
    const closed = this.worker.close();
    const until = Date.now() + this.options.shutdownTimeoutMs;
    while (this.running.size > 0 && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, DRAIN_POLL_MS));
    }
    for (const abort of this.running.values()) abort.abort();
    await closed;
    clearInterval(this.renewal);
  }

  private async takeTurns(): Promise<void> {
    try {
      await this.whenReady();
      this.worker.concurrency = this.options.places;
      if (this.worker.closing === undefined) await this.worker.run();
    } catch (err) {
      this.logger.error({ err, queue: this.options.queue }, 'the worker stopped taking turns');
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { Logger } from 'pino';
import { LOGGER } from '../../../common/observability/logger.js';
import type { Delivery } from '../../../common/queue/delivery.js';
import { InferenceQueue } from './inference-queue.js';
import type { ClaimedJob } from './job-execution.repository.js';
import { JobLedger } from './job-ledger.js';
import { JobRunner } from './job-runner.js';
import { TurnPlaces } from './turn-places.js';

/** How long turns wait in this worker for a place before another worker may have them, in milliseconds. */
const PATIENCE_MS = 1_000;

/** Weight of the newest queue job in what is remembered of their size. */
const SMOOTHING = 1 / 8;

/** How often a stopping worker looks whether its jobs have ended, in milliseconds. */
const DRAIN_POLL_MS = 20;

/**
 * Lets the turns that the queue brings run, as many at a time as this worker has places for. Of a pack each turn goes its
 * own way: one that takes long holds up none of the others, and what finds no place goes back into the queue.
 */
@Injectable()
export class JobIntake {
  private readonly places: TurnPlaces;
  private usualTurns = 1;

  constructor(
    private readonly runner: JobRunner,
    private readonly ledger: JobLedger,
    private readonly queue: InferenceQueue,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.places = new TurnPlaces(() => runner.places);
  }

  /** How many queue jobs bring as many turns as there are places. */
  get queueJobs(): number {
    return Math.ceil(this.runner.places / this.usualTurns);
  }

  /**
   * Takes on what a queue job brought. Resolves when all of it is this worker's by its rows, or is back in the queue: from
   * then on the queue need not know it. Never fails.
   * @param priority of the queue job, as the queue tells it.
   */
  async takeOn(turns: readonly Delivery[], priority: number): Promise<void> {
    this.usualTurns += (turns.length - this.usualTurns) * SMOOTHING;
    const waitUntil = performance.now() + PATIENCE_MS;
    const begun: Promise<void>[] = [];
    while (begun.length < turns.length) {
      const count = await this.places.take(turns.length - begun.length, Math.max(0, waitUntil - performance.now()));
      if (count === 0) break;
      for (const turn of turns.slice(begun.length, begun.length + count)) begun.push(this.begin(turn));
    }
    await Promise.all(begun);
    if (begun.length === turns.length) return;
    await this.queue.putBack(turns.slice(begun.length), priority);
    // Not before there is room for it again the queue is asked for more.
    if ((await this.places.take(1)) > 0) this.places.release();
  }

  /** Takes nothing on any more, lets what runs end within the time there is, and hands the rest back. */
  async stop(timeoutMs: number): Promise<void> {
    this.places.close();
    const until = Date.now() + timeoutMs;
    while (this.places.inHand > 0) {
      if (Date.now() >= until) this.runner.handBack();
      await sleep(DRAIN_POLL_MS);
    }
  }

  /** Resolves when the row says that the turn is this worker's, or that it is nobody's: cancelled, ended, queued again. */
  private async begin(turn: Delivery): Promise<void> {
    try {
      const job = await this.ledger.claim(turn);
      if (job === undefined) this.places.release();
      else void this.run(job);
    } catch (err) {
      this.places.release();
      this.logUnrecorded(err);
    }
  }

  private async run(job: ClaimedJob): Promise<void> {
    try {
      await this.runner.run(job);
    } catch (err) {
      this.logUnrecorded(err);
    } finally {
      this.places.release();
    }
  }

  private logUnrecorded(err: unknown): void {
    this.logger.warn({ err }, 'a turn of an inference job could not be recorded; the sweeper queues it again');
  }
}

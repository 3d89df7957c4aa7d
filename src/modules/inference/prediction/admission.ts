import { CodedError } from '../../../common/errors/coded-error.js';
import type { ErrorCode } from '../../../common/errors/error-table.js';
import { AnswerRate } from './answer-rate.js';

/** Weight of the newest latency in the running mean. */
const NEWEST_WEIGHT = 0.1;
/** Bounds of the hint when to try again, in milliseconds. */
const MIN_RETRY_MS = 20;
const MAX_RETRY_MS = 10_000;

/** Why somebody is not let in. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs: number;
}

/**
 * Lets so many predictions in at a time and refuses the rest at once: a queue in front of a busy model only makes every
 * answer late. Where answers come fast, more are let in: by Little's law as many as are answered within `waitMs` at the
 * rate of late. A flood of requests is read in one turn of the event loop, before any answer is; with a fixed number of
 * places only so many would be served in each turn, however idle the executors are.
 */
export class Admission {
  private readonly answers = new AnswerRate();
  private inFlightCount = 0;
  private latencyMs = MIN_RETRY_MS;
  private isClosed = false;
  private onIdle: (() => void) | undefined;

  /**
   * @param places predictions that are let in at a time, whatever the rate.
   * @param what they are called where one is refused.
   * @param waitMs how long a prediction beyond these may have to wait, in milliseconds; 0 lets none in.
   */
  constructor(
    public places: number,
    private readonly what = 'predictions',
    private readonly waitMs = 0,
  ) {}

  get inFlight(): number {
    return this.inFlightCount;
  }

  /** Why nobody would be let in now, with the time after which one is likely to be; undefined where one would. */
  refusal(): Refusal | undefined {
    if (this.isClosed) {
      const message = 'This process is stopping. Try again at another one.';
      return { code: 'SHUTTING_DOWN', message, retryAfterMs: 1_000 };
    }
    if (this.inFlightCount < this.places) return undefined;
    const places = Math.max(this.places, this.answeredWithinWait());
    if (this.inFlightCount < places) return undefined;
    const message = `All ${places} places for ${this.what} are taken. Try again shortly.`;
    return { code: 'OVERLOADED', message, retryAfterMs: this.retryAfterMs };
  }

  /** Takes a place, or refuses. @throws {CodedError} OVERLOADED, SHUTTING_DOWN. */
  enter(): void {
    const refusal = this.refusal();
    if (refusal !== undefined) throw new CodedError(refusal.code, refusal.message, refusal);
    this.inFlightCount += 1;
  }

  /** Gives the place back. @param elapsedMs how long it was held. */
  leave(elapsedMs: number): void {
    this.inFlightCount -= 1;
    if (this.waitMs > 0) this.answers.add(performance.now());
    this.latencyMs += (elapsedMs - this.latencyMs) * NEWEST_WEIGHT;
    if (this.inFlightCount === 0) this.onIdle?.();
  }

  /** Lets nobody in any more and waits until everybody has left, `timeoutMs` at most. */
  async close(timeoutMs: number): Promise<void> {
    this.isClosed = true;
    if (this.inFlightCount === 0) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      this.onIdle = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private answeredWithinWait(): number {
    return this.waitMs === 0 ? 0 : Math.floor((this.answers.perSecond(performance.now()) * this.waitMs) / 1_000);
  }

  private get retryAfterMs(): number {
    return Math.round(Math.min(MAX_RETRY_MS, Math.max(MIN_RETRY_MS, this.latencyMs)));
  }
}

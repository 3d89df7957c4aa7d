import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '../../common/errors/coded-error.js';
import { AuditChain, ChainConflictError, type SqlExecutor } from './audit-chain.js';
import type { AuditRecord } from './audit-record.rules.js';

/**
 * How long events gather that nobody waits for, in milliseconds. A statement costs as much as some hundred events: at
 * 5,000 events a second those that gather for 50 ms cost half of those that gather for 10 ms.
 */
const GATHER_MS = 50;
/** How long events gather once somebody waits for one, in milliseconds. */
const HURRY_MS = 5;
/** Most events of one statement: about half a megabyte of JSON. */
const BATCH_SIZE = 1_000;
/** Wait after the first failed write, in milliseconds; doubled each time up to the longest. */
const FIRST_RETRY_MS = 50;
const LONGEST_RETRY_MS = 2_000;

interface Entry {
  readonly record: AuditRecord;
  /** Told how the write went, once; an error does not mean that the write is given up. */
  readonly settle?: (error: CodedError | null) => void;
}

export interface GroupCommitWriterOptions {
  /** What the trail calls this process. */
  readonly processName: string;
  /** Most events that may wait. */
  readonly capacity: number;
  /** Told of each failed write, and how many events wait. */
  readonly onFailure: (error: unknown, waiting: number) => void;
}

/**
 * Writes events of their own, in order, many with one statement. While one write is in flight the next batch gathers.
 * A write that failed is repeated until it succeeds; what waits is lost only with the process.
 */
export class GroupCommitWriter {
  private buffer: Entry[] = [];
  /** Taken from the buffer and not known to be written. */
  private inFlight: readonly Entry[] = [];
  private chain: AuditChain;
  private running: Promise<void> | undefined;
  /** Ends the gathering that is under way soon. */
  private hurry: (() => void) | undefined;
  private closed = false;
  private abandoned = false;
  /** Wait before the next attempt, in milliseconds; 0 while writes succeed. */
  private retryMs = 0;

  constructor(
    private readonly database: SqlExecutor,
    private readonly options: GroupCommitWriterOptions,
  ) {
    this.chain = new AuditChain(options.processName);
  }

  /** Events that are not known to be written. */
  get waiting(): number {
    return this.buffer.length + this.inFlight.length;
  }

  /** @throws {CodedError} AUDIT_UNAVAILABLE when another event would not be taken. */
  assertRoom(): void {
    if (this.closed) throw this.unavailable('This process is stopping and audits no new work. Try another one.');
    if (this.waiting >= this.options.capacity) {
      throw this.unavailable('Too many audit events wait to be written, so the work is refused. Try again shortly.');
    }
  }

  /** Takes an event, without waiting for it to be written. @throws {CodedError} AUDIT_UNAVAILABLE when full. */
  add(record: AuditRecord): void {
    this.enqueue({ record });
  }

  /**
   * Takes an event and waits until it is committed.
   * @throws {CodedError} AUDIT_UNAVAILABLE when full, and when the write fails; it is repeated all the same.
   */
  async addAndWait(record: AuditRecord): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.enqueue({ record, settle: (error) => (error === null ? resolve() : reject(error)) });
    });
  }

  /** Takes nothing more and writes what waits. @returns how many events could not be written within the time. */
  async close(timeoutMs: number): Promise<number> {
    this.closed = true;
    this.hurry?.();
    await Promise.race([this.running, sleep(timeoutMs, undefined, { ref: false })]);
    this.abandoned = true;
    return this.waiting;
  }

  private enqueue(entry: Entry): void {
    this.assertRoom();
    this.buffer.push(entry);
    this.running ??= this.run();
    if (entry.settle !== undefined || this.buffer.length >= BATCH_SIZE) this.hurry?.();
  }

  private async run(): Promise<void> {
    do {
      await this.gather();
      this.inFlight = this.buffer.splice(0, BATCH_SIZE);
      await this.writeInFlight();
    } while (this.buffer.length > 0 && !this.abandoned);
    this.running = undefined;
  }

  private async gather(): Promise<void> {
    const isAwaited = this.closed || this.buffer.some(({ settle }) => settle !== undefined);
    if (!isAwaited && this.buffer.length < BATCH_SIZE) {
      const hurried = new AbortController();
      this.hurry = () => hurried.abort();
      await sleep(GATHER_MS, undefined, { signal: hurried.signal }).catch(() => undefined);
      this.hurry = undefined;
      if (!hurried.signal.aborted) return;
    }
    await sleep(HURRY_MS);
  }

  private async writeInFlight(): Promise<void> {
    const records = this.inFlight.map((entry) => entry.record);
    while (!this.abandoned) {
      try {
        // The same records behind the same head: an attempt whose outcome was lost is not written twice.
        this.chain.advance(await this.chain.append(this.database, records));
        for (const { settle } of this.inFlight) settle?.(null);
        this.inFlight = [];
        this.retryMs = 0;
        return;
      } catch (error) {
        this.fail(error);
        await sleep(this.retryMs);
      }
    }
  }

  private fail(error: unknown): void {
    if (error instanceof ChainConflictError) this.chain = new AuditChain(this.options.processName);
    this.retryMs = Math.min(LONGEST_RETRY_MS, Math.max(FIRST_RETRY_MS, this.retryMs * 2));
    this.options.onFailure(error, this.waiting);
    const refusal = this.unavailable(
      'The audit trail cannot be written, so the work is refused. Try again shortly.',
      error,
    );
    for (const { settle } of [...this.inFlight, ...this.buffer]) settle?.(refusal);
  }

  private unavailable(message: string, cause?: unknown): CodedError {
    return new CodedError('AUDIT_UNAVAILABLE', message, { retryAfterMs: Math.max(1_000, this.retryMs), cause });
  }
}

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;

interface Failure {
  readonly count: number;
  readonly retryAt: number;
}

/** Spaces out the attempts to reach executors that cannot be reached. Times are those of `performance.now()`. */
export class ConnectAttempts {
  private readonly failures = new Map<string, Failure>();

  /** Notes that an executor could not be reached. @returns how long to leave it alone, in milliseconds. */
  failed(executor: string, now: number): number {
    const count = (this.failures.get(executor)?.count ?? 0) + 1;
    const delayMs = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (count - 1));
    this.failures.set(executor, { count, retryAt: now + delayMs });
    return delayMs;
  }

  /** Failures in a row. */
  failuresOf(executor: string): number {
    return this.failures.get(executor)?.count ?? 0;
  }

  succeeded(executor: string): void {
    this.failures.delete(executor);
  }

  mayTry(executor: string, now: number): boolean {
    return (this.failures.get(executor)?.retryAt ?? 0) <= now;
  }

  /** Forgets executors that are no longer there. */
  keep(executors: ReadonlySet<string>): void {
    for (const executor of this.failures.keys()) if (!executors.has(executor)) this.failures.delete(executor);
  }
}

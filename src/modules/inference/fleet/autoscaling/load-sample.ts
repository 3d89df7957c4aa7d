import type { ServedRequest } from '../../client/executor-client.js';

/** What one process saw of one pool in a span of time. */
export interface LoadSample {
  readonly requests: number;
  /** Time that the requests waited, all together. */
  readonly queueMs: number;
  /** Time that executors worked for them. */
  readonly busyMs: number;
  readonly spanMs: number;
}

interface Sums {
  requests: number;
  queueMs: number;
  busyMs: number;
}

/** Adds up requests by pool. Times are those of `performance.now()`. */
export class LoadSamples {
  private sums = new Map<string, Sums>();
  /** Pools of the last sample: one in which nothing happened any more is told of once. */
  private last = new Set<string>();

  constructor(private since: number) {}

  add({ pool, queueMs, busyMs }: ServedRequest): void {
    let sums = this.sums.get(pool);
    if (sums === undefined) {
      sums = { requests: 0, queueMs: 0, busyMs: 0 };
      this.sums.set(pool, sums);
    }
    sums.requests += 1;
    sums.queueMs += queueMs;
    sums.busyMs += busyMs;
  }

  /** What has been added since the last call, by pool. */
  take(now: number): Map<string, LoadSample> {
    const spanMs = Math.max(1, now - this.since);
    const quiet = [...this.last].filter((pool) => !this.sums.has(pool));
    const nothing = { requests: 0, queueMs: 0, busyMs: 0 };
    const taken = [...this.sums, ...quiet.map((pool) => [pool, nothing] as const)];
    this.last = new Set(this.sums.keys());
    this.sums = new Map();
    this.since = now;
    return new Map(taken.map(([pool, sums]) => [pool, { ...sums, spanMs }]));
  }
}

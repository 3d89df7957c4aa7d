import type { OnModuleDestroy, OnModuleInit } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { PeriodicTask } from '../concurrency/periodic-task.js';
import { type RateDecision, RateLimiter } from './rate-limiter.js';

/** How often ended windows are deleted, in milliseconds. */
const SWEEP_INTERVAL_MS = 60_000;

/**
 * One statement decides and counts; the row's lock orders those who come at once. The DO UPDATE condition holds back
 * the write that would exceed the limit, and then no row is returned: the second branch reads when the window ends.
 */
const CONSUME = `
  WITH counted AS (
    INSERT INTO rate_limits AS entry (key, used, window_ends_at)
    SELECT $1, $2::bigint, clock_timestamp() + $4 * interval '1 second' WHERE $2::bigint <= $3::bigint
    ON CONFLICT (key) DO UPDATE SET
      used = CASE WHEN entry.window_ends_at <= clock_timestamp() THEN 0 ELSE entry.used END + excluded.used,
      window_ends_at = CASE WHEN entry.window_ends_at <= clock_timestamp()
        THEN excluded.window_ends_at ELSE entry.window_ends_at END
    WHERE entry.window_ends_at <= clock_timestamp() OR entry.used + excluded.used <= $3::bigint
    RETURNING key
  )
  SELECT EXISTS (SELECT FROM counted) AS allowed,
    (SELECT ceil(extract(epoch FROM window_ends_at - clock_timestamp()) * 1000)::float8
       FROM rate_limits WHERE key = $1) AS remaining_ms`;

/** Rate limits in an unlogged table: they may be lost in a crash, and cost no write-ahead log. */
export class PostgresRateLimiter extends RateLimiter implements OnModuleInit, OnModuleDestroy {
  private readonly sweeps: PeriodicTask;

  constructor(private readonly dataSource: DataSource) {
    super();
    // An outage is met by the next sweep; consume() reports it to those whom it concerns.
    this.sweeps = new PeriodicTask(
      SWEEP_INTERVAL_MS,
      () => this.sweep(),
      () => undefined,
    );
  }

  onModuleInit(): void {
    this.sweeps.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.sweeps.stop();
  }

  override async consume(key: string, units: number, limit: number, windowSeconds: number): Promise<RateDecision> {
    const [row] = await this.dataSource.query<{ allowed: boolean; remaining_ms: number | null }[]>(CONSUME, [
      key,
      units,
      limit,
      windowSeconds,
    ]);
    if (row?.allowed === true) return { allowed: true, retryAfterMs: 0 };
    const remainingMs = row?.remaining_ms ?? windowSeconds * 1_000;
    return { allowed: false, retryAfterMs: Math.max(1, remainingMs) };
  }

  /** Deletes windows that have ended. */
  async sweep(): Promise<void> {
    await this.dataSource.query('DELETE FROM rate_limits WHERE window_ends_at < clock_timestamp()');
  }
}

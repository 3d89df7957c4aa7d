import { Injectable } from '@nestjs/common';
import { InjectDataSource } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { PoolLoad } from './autoscaling.rules.js';
import type { LoadSample } from './load-sample.js';

/** What was measured longer ago says nothing of now, in milliseconds: two and a half samples. */
const FRESH_MS = 5_000;
/** Rows of processes that are gone are removed after so long, in milliseconds. */
const FORGET_AFTER_MS = 60_000;

interface LoadRow {
  readonly requests: number;
  readonly queue_ms: number | null;
  readonly busy_executors: number | null;
}

/** What processes saw of the load of pools. All times are the database's. */
@Injectable()
export class PoolLoadRepository {
  constructor(@InjectDataSource() private readonly dataSource: DataSource) {}

  async save(pool: string, processId: string, { requests, queueMs, busyMs, spanMs }: LoadSample): Promise<void> {
    await this.dataSource.query(
      `INSERT INTO executor_pool_loads (pool, process_id, requests, queue_ms, busy_ms, span_ms, measured_at)
       VALUES ($1, $2, $3, $4, $5, $6, now())
       ON CONFLICT (pool, process_id) DO UPDATE SET requests = EXCLUDED.requests, queue_ms = EXCLUDED.queue_ms,
         busy_ms = EXCLUDED.busy_ms, span_ms = EXCLUDED.span_ms, measured_at = EXCLUDED.measured_at`,
      [pool, processId, requests, queueMs, busyMs, spanMs],
    );
  }

  /** What all processes saw of a pool lately. */
  async of(pool: string): Promise<PoolLoad> {
    const [row]: readonly LoadRow[] = await this.dataSource.query(
      `SELECT coalesce(sum(requests), 0)::integer AS requests,
         sum(queue_ms) / nullif(sum(requests), 0) AS queue_ms, sum(busy_ms / span_ms) AS busy_executors
       FROM executor_pool_loads WHERE pool = $1 AND measured_at > now() - $2 * interval '1 ms'`,
      [pool, FRESH_MS],
    );
    return { requests: row?.requests ?? 0, queueMs: row?.queue_ms ?? 0, busyExecutors: row?.busy_executors ?? 0 };
  }

  async deleteOld(): Promise<void> {
    await this.dataSource.query(`DELETE FROM executor_pool_loads WHERE measured_at < now() - $1 * interval '1 ms'`, [
      FORGET_AFTER_MS,
    ]);
  }
}

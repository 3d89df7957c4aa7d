import { Injectable } from '@nestjs/common';
import type { InferenceResult } from '../client/executor-client.js';

/** What a version has answered since this process started. Times are sums over requests, in milliseconds. */
export interface VersionStatistics {
  /** Answers, also those that were remembered. */
  readonly successes: number;
  readonly failures: number;
  /** Rows of all requests for which the model was run. */
  readonly rows: number;
  /** Runs of the model; a run that several requests shared counts once, a part for each. */
  readonly executions: number;
  /** Milliseconds since the epoch; 0 before the first. */
  readonly lastAt: number;
  readonly successMs: number;
  readonly failureMs: number;
  readonly queueMs: number;
  readonly computeMs: number;
  /** Answers that were remembered: nothing was run for them. */
  readonly cacheHits: number;
  readonly cacheMisses: number;
  readonly cacheHitMs: number;
}

/** What is known of the run. Times in milliseconds. */
type Run = Pick<InferenceResult, 'batchRows' | 'queueMs' | 'inferenceMs' | 'fromCache'>;

type Counts = { -readonly [Key in keyof VersionStatistics]: VersionStatistics[Key] };

const MAX_VERSIONS = 10_000;
const none: VersionStatistics = {
  successes: 0,
  failures: 0,
  rows: 0,
  executions: 0,
  lastAt: 0,
  successMs: 0,
  failureMs: 0,
  queueMs: 0,
  computeMs: 0,
  cacheHits: 0,
  cacheMisses: 0,
  cacheHitMs: 0,
};

/** Counts of this process by model version, for those who ask without Prometheus. */
@Injectable()
export class InferenceStatistics {
  private readonly byVersion = new Map<string, Counts>();

  of(versionId: string): VersionStatistics {
    return this.byVersion.get(versionId) ?? none;
  }

  /**
   * @param rows of the request.
   * @param run null for a failure.
   */
  observe(versionId: string, elapsedMs: number, rows: number, run: Run | null): void {
    const counts = this.byVersion.get(versionId) ?? this.begin(versionId);
    counts.lastAt = Date.now();
    if (run === null) {
      counts.failures += 1;
      counts.failureMs += elapsedMs;
      return;
    }
    counts.successes += 1;
    counts.successMs += elapsedMs;
    if (run.fromCache === true) {
      counts.cacheHits += 1;
      counts.cacheHitMs += elapsedMs;
      return;
    }
    if (run.fromCache === false) counts.cacheMisses += 1;
    counts.rows += rows;
    counts.executions += rows / Math.max(1, run.batchRows);
    counts.queueMs += run.queueMs;
    counts.computeMs += run.inferenceMs;
  }

  private begin(versionId: string): Counts {
    const [oldest] = this.byVersion.keys();
    if (this.byVersion.size >= MAX_VERSIONS && oldest !== undefined) this.byVersion.delete(oldest);
    const counts = { ...none };
    this.byVersion.set(versionId, counts);
    return counts;
  }
}

import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import type { VersionStatistics } from '../metrics/inference-statistics.js';

const NANOSECONDS = 1_000_000;

/** A count of requests and the time that they took all together. */
const duration = (count: number, milliseconds: number) => ({ count, ns: Math.round(milliseconds * NANOSECONDS) });

/** The statistics of one version in the form of Triton's statistics extension. */
export function statisticsDocument({ model, version }: ServableVersion, counts: VersionStatistics) {
  const { successes, failures, rows, executions, lastAt, successMs, failureMs, queueMs, computeMs } = counts;
  const runs = successes - counts.cacheHits;
  return {
    name: model,
    version: String(version),
    last_inference: lastAt,
    inference_count: rows,
    execution_count: Math.round(executions),
    inference_stats: {
      success: duration(successes, successMs),
      fail: duration(failures, failureMs),
      queue: duration(runs, queueMs),
      // Decoding and encoding tensors is part of the transport and not timed apart from it.
      compute_input: duration(runs, 0),
      compute_infer: duration(runs, computeMs),
      compute_output: duration(runs, 0),
      cache_hit: duration(counts.cacheHits, counts.cacheHitMs),
      cache_miss: duration(counts.cacheMisses, 0),
    },
    batch_stats: [],
  };
}

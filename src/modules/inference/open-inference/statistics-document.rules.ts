import type { ServableVersion } from '../../registry/snapshot/servable-version.js';
import type { VersionStatistics } from '../metrics/inference-statistics.js';

const NANOSECONDS = 1_000_000;

/** A count of requests and the time that they took all together. */
const duration = (count: number, milliseconds: number) => ({ count, ns: Math.round(milliseconds * NANOSECONDS) });

/** The statistics of one version in the form of Triton's statistics extension. */
export function statisticsDocument({ model, version }: ServableVersion, counts: VersionStatistics) {
  const { successes, failures, rows, executions, lastAt, successMs, failureMs, queueMs, computeMs } = counts;
  return {
    name: model,
    version: String(version),
    last_inference: lastAt,
    inference_count: rows,
    execution_count: Math.round(executions),
    inference_stats: {
      success: duration(successes, successMs),
      fail: duration(failures, failureMs),
      queue: duration(successes, queueMs),
      // Decoding and encoding tensors is part of the transport and not timed apart from it.
      compute_input: duration(successes, 0),
      compute_infer: duration(successes, computeMs),
      compute_output: duration(successes, 0),
      cache_hit: duration(0, 0),
      cache_miss: duration(0, 0),
    },
    batch_stats: [],
  };
}

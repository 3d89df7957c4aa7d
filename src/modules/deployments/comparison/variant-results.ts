import type { Rewards } from './comparison.rules.js';

/** What the log and the feedback say of one variant. */
export interface VariantResults {
  /** Logged predictions. */
  readonly predictions: number;
  /** Those that failed for a reason that may lie with the version. */
  readonly faults: number;
  /** Latency that 99 % of the answers stayed within, in milliseconds; null without an answer. */
  readonly p99Ms: number | null;
  readonly rewards: Rewards;
}

/** What a rate limit decided. */
export interface RateDecision {
  readonly allowed: boolean;
  /** When it is worth trying again, in milliseconds from now; 0 when allowed. */
  readonly retryAfterMs: number;
}

/**
 * Counts uses of something, for all processes of the installation together. A window opens with the first use of a key
 * and ends `windowSeconds` later; within it at most `limit` units pass. What is refused is not counted, so that a caller
 * who keeps trying gets in when the window ends.
 */
export abstract class RateLimiter {
  /**
   * Takes `units` from what the key has left, or nothing when that is too little.
   * @param key what is limited, such as `sign-in:address:10.0.0.1`; at most a few hundred bytes.
   */
  abstract consume(key: string, units: number, limit: number, windowSeconds: number): Promise<RateDecision>;
}

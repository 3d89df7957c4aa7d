import type { Redis } from 'ioredis';
import { type RateDecision, RateLimiter } from './rate-limiter.js';

/** Keys of ours in a Redis that others may share. */
const PREFIX = 'nestor:rate-limit:';

/** Redis runs a script as one step. Arguments: units, limit, window in ms. Answer: allowed (1 or 0), ms that remain. */
const CONSUME = `
  local used = tonumber(redis.call('GET', KEYS[1]) or '0')
  local remaining = redis.call('PTTL', KEYS[1])
  if used + tonumber(ARGV[1]) > tonumber(ARGV[2]) then
    return {0, remaining > 0 and remaining or tonumber(ARGV[3])}
  end
  redis.call('INCRBY', KEYS[1], ARGV[1])
  if remaining < 0 then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
  return {1, 0}`;

/** Rate limits in Redis; ended windows expire by themselves. */
export class RedisRateLimiter extends RateLimiter {
  constructor(private readonly redis: Redis) {
    super();
  }

  override async consume(key: string, units: number, limit: number, windowSeconds: number): Promise<RateDecision> {
    const answer: unknown = await this.redis.eval(CONSUME, 1, PREFIX + key, units, limit, windowSeconds * 1_000);
    const [allowed, remainingMs] = Array.isArray(answer) ? answer.map(Number) : [];
    return { allowed: allowed === 1, retryAfterMs: allowed === 1 ? 0 : Math.max(1, remainingMs ?? 0) };
  }
}

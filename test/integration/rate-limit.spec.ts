import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { DataSource } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataSourceOptions } from '../../src/common/database/data-source-options.js';
import { PostgresRateLimiter } from '../../src/common/rate-limit/postgres-rate-limiter.js';
import type { RateLimiter } from '../../src/common/rate-limit/rate-limiter.js';
import { RedisRateLimiter } from '../../src/common/rate-limit/redis-rate-limiter.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { testRedisUrl } from '../support/redis.js';

let database: TestDatabase;
let dataSource: DataSource;
let postgres: PostgresRateLimiter;
const redisUrl = testRedisUrl();
const redis = redisUrl === null ? null : new Redis(redisUrl, { lazyConnect: true });

beforeAll(async () => {
  database = await createTestDatabase();
  dataSource = await new DataSource(dataSourceOptions(database.url, 5)).initialize();
  postgres = new PostgresRateLimiter(dataSource);
});
afterAll(async () => {
  redis?.disconnect();
  await dataSource.destroy();
  await database.drop();
});

const limiters: [string, () => RateLimiter][] = [['PostgreSQL', () => postgres]];
if (redis !== null) limiters.push(['Redis', () => new RedisRateLimiter(redis)]);

describe.each(limiters)('rate limits in %s', (_, limiterOf) => {
  it('let through exactly the limit of many at once', async () => {
    const key = `test:${randomUUID()}`;
    const decisions = await Promise.all(Array.from({ length: 60 }, () => limiterOf().consume(key, 1, 25, 60)));
    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(25);
    for (const { allowed, retryAfterMs } of decisions) {
      if (allowed) expect(retryAfterMs).toBe(0);
      else expect(retryAfterMs).toBeGreaterThan(0);
      expect(retryAfterMs).toBeLessThanOrEqual(60_000);
    }
  });

  it('count units, and count nothing of what is refused', async () => {
    const key = `test:${randomUUID()}`;
    const allowed = async (units: number) => (await limiterOf().consume(key, units, 10, 60)).allowed;
    expect(await allowed(7)).toBe(true);
    expect(await allowed(4)).toBe(false);
    expect(await allowed(3)).toBe(true);
    expect(await allowed(1)).toBe(false);
  });

  it('refuse more than the limit at once, also first', async () => {
    const decision = await limiterOf().consume(`test:${randomUUID()}`, 11, 10, 60);
    expect(decision.allowed).toBe(false);
    expect(decision.retryAfterMs).toBeGreaterThan(0);
  });

  it('keep keys apart', async () => {
    const [one, other] = [randomUUID(), randomUUID()];
    expect((await limiterOf().consume(one, 1, 1, 60)).allowed).toBe(true);
    expect((await limiterOf().consume(one, 1, 1, 60)).allowed).toBe(false);
    expect((await limiterOf().consume(other, 1, 1, 60)).allowed).toBe(true);
  });

  it('open again when the window ends', async () => {
    const key = `test:${randomUUID()}`;
    expect((await limiterOf().consume(key, 5, 5, 1)).allowed).toBe(true);
    const refused = await limiterOf().consume(key, 1, 5, 1);
    expect(refused).toMatchObject({ allowed: false });
    expect(refused.retryAfterMs).toBeLessThanOrEqual(1_000);
    await expect.poll(async () => (await limiterOf().consume(key, 5, 5, 60)).allowed, { timeout: 5_000 }).toBe(true);
    expect((await limiterOf().consume(key, 1, 5, 60)).allowed).toBe(false);
  });
});

describe('the table of PostgreSQL', () => {
  it('is swept of windows that ended', async () => {
    const [ended, open] = [randomUUID(), randomUUID()];
    await postgres.consume(ended, 1, 1, 60);
    await postgres.consume(open, 1, 1, 60);
    await dataSource.query(`UPDATE rate_limits SET window_ends_at = now() - interval '1 s' WHERE key = $1`, [ended]);
    await postgres.sweep();
    const rows = await dataSource.query<{ key: string }[]>('SELECT key FROM rate_limits WHERE key IN ($1, $2)', [
      ended,
      open,
    ]);
    expect(rows).toEqual([{ key: open }]);
  });
});

import { Redis } from 'ioredis';
import { beforeAll, describe, expect, it } from 'vitest';
import { auditEvents, PASSWORD, SIGN_IN, signIn, startAuthApi } from '../support/auth.js';
import { testRedisUrl } from '../support/redis.js';

/** A database of that Redis which nobody else counts in: the address is the same in all tests. */
const redisUrl = withDatabase(testRedisUrl(), '/9');
const stores: [string, Record<string, string>][] = [['PostgreSQL', {}]];
if (redisUrl !== null) stores.push(['Redis', { REDIS_URL: redisUrl }]);

function withDatabase(url: string | null, path: string): string | null {
  return url === null ? null : Object.assign(new URL(url), { pathname: path }).href;
}

beforeAll(async () => {
  if (redisUrl === null) return;
  const redis = new Redis(redisUrl);
  await redis.flushdb();
  redis.disconnect();
});

describe.each(stores)('sign-in limits in %s', (_, overrides) => {
  it('count every alias of one operation, per account and per address', async () => {
    const api = await startAuthApi({ NESTOR_SIGN_IN_LIMIT: '3', ...overrides });
    try {
      const { email, password } = api.admin;
      // The fields of a mutation run one after the other, up to the first that fails.
      const aliases = Array.from(
        { length: 8 },
        (__, index) => `a${index}: signIn(input: { email: "${email}", password: "${password}" }) { accessToken }`,
      );
      const byAccount = await api.send(`mutation { ${aliases.join(' ')} }`);
      expect(byAccount.errors).toMatchObject([
        { path: ['a3'], extensions: { code: 'RATE_LIMITED', retryAfterMs: expect.any(Number) } },
      ]);
      expect(await auditEvents(api, 'session.sign-in', 'SUCCESS')).toHaveLength(3);
      // Four of the address's thirty are used up, whatever the accounts.
      const answers = await Promise.all(
        Array.from({ length: 31 }, (__, index) =>
          api.send(SIGN_IN, { input: { email: `nobody-${index}@example.com`, password: PASSWORD } }),
        ),
      );
      const codes = answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code));
      expect(codes.filter((code) => code === 'INVALID_CREDENTIALS')).toHaveLength(26);
      expect(codes.filter((code) => code === 'RATE_LIMITED')).toHaveLength(5);
      await expect
        .poll(async () => {
          const events = await auditEvents(api, 'session.sign-in', 'DENIED');
          return events.reduce((sum, { detail }) => sum + Number(detail?.['repeats'] ?? 1), 0);
        })
        .toBe(1 + 5);
    } finally {
      await api.close();
    }
  });
});

describe('a sign-in that succeeds', () => {
  it('gives no attempts back', async () => {
    const api = await startAuthApi({ NESTOR_SIGN_IN_LIMIT: '2' });
    try {
      const password = api.admin.password ?? '';
      await signIn(api, 'admin@example.com', password);
      await signIn(api, 'ADMIN@EXAMPLE.COM', password);
      const answer = await api.send(SIGN_IN, { input: { email: 'admin@example.com', password } });
      expect(answer.errors[0]?.extensions.code).toBe('RATE_LIMITED');
    } finally {
      await api.close();
    }
  });
});

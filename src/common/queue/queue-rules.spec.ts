import { describe, expect, it } from 'vitest';
import { loadSettings } from '../config/settings.js';
import { queueConnection } from './queue-backend.js';
import { consumerProblems } from './queue-consumers.check.js';
import { evictionProblem } from './redis-policy.check.js';

const database = 'postgres://db/nestor';

describe('queueConnection', () => {
  it('takes PostgreSQL where there is no Redis', () => {
    const connection = queueConnection(loadSettings({}), database, 'api');
    expect(connection).toMatchObject({ connectionString: database, migrate: true });
  });

  it('reads everything that a Redis URL can say', () => {
    const settings = loadSettings({ REDIS_URL: 'rediss://user:p%40ss@[::1]:7000/3' });
    expect(queueConnection(settings, database, 'worker')).toMatchObject({
      host: '::1',
      port: 7000,
      db: 3,
      username: 'user',
      password: 'p@ss',
      tls: {},
      enableOfflineQueue: true,
    });
  });

  it('does not let the api wait for a Redis that is down, and comes back to it soon', () => {
    const connection = queueConnection(loadSettings({ REDIS_URL: 'redis://cache' }), database, 'api');
    expect(connection).toMatchObject({ host: 'cache', port: 6379, db: 0, enableOfflineQueue: false });
    const { retryStrategy } = connection as { retryStrategy: (attempt: number) => number };
    expect([retryStrategy(1), retryStrategy(50)]).toEqual([100, 1_000]);
  });
});

describe('consumerProblems', () => {
  it('names the queues that have not exactly one consumer', () => {
    expect(consumerProblems(['a', 'b'], ['a', 'b'])).toEqual([]);
    expect(consumerProblems(['a', 'b'], ['b', 'b'])).toEqual([
      'the queue "a" has 0 consumers instead of one',
      'the queue "b" has 2 consumers instead of one',
    ]);
  });
});

describe('evictionProblem', () => {
  it('refuses a Redis that evicts keys', () => {
    expect(evictionProblem('maxmemory:0\r\nmaxmemory_policy:noeviction\r\n')).toBeUndefined();
    expect(evictionProblem('maxmemory:1000\r\nmaxmemory_policy:allkeys-lru\r\n')).toMatch(/allkeys-lru.*noeviction/);
    expect(evictionProblem('a server that does not tell')).toBeUndefined();
  });
});

import { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { hasRedisServer, startRedisServer, testRedisUrl } from '../../support/redis.js';

const url = testRedisUrl();

describe.skipIf(url === null)('testRedisUrl', () => {
  it('names a Redis that answers', async () => {
    const redis = new Redis(url ?? '');
    expect(await redis.ping()).toBe('PONG');
    redis.disconnect();
  });
});

describe.skipIf(!hasRedisServer())('startRedisServer', () => {
  it('keeps what it acknowledged over a kill', async () => {
    const server = await startRedisServer();
    const redis = new Redis(server.url, { retryStrategy: () => 50 });
    redis.on('error', () => undefined);
    await redis.set('key', 'value');
    await server.kill();
    await server.restart();
    expect(await redis.get('key')).toBe('value');
    redis.disconnect();
    await server.stop();
    expect(() => process.kill(server.pid, 0)).toThrow(/ESRCH/);
  });
});

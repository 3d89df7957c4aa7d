import { Redis } from 'ioredis';
import { evictionProblem } from '../../common/queue/redis-policy.check.js';
import { messageOf, StartError } from '../start-error.js';
import { withoutPassword } from './database.js';

const ANSWER_WITHIN_MS = 5_000;

/**
 * Asks Redis whether it can be used.
 * @throws {StartError} when it does not answer, or would evict jobs.
 */
export async function checkRedis(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl, {
    lazyConnect: true,
    retryStrategy: () => null,
    connectTimeout: ANSWER_WITHIN_MS,
    commandTimeout: ANSWER_WITHIN_MS,
  });
  let cause = '';
  redis.on('error', (error: unknown) => {
    cause = messageOf(error);
  });
  try {
    await redis.connect();
    const problem = evictionProblem(await redis.info('memory'));
    if (problem !== undefined) throw new StartError(problem);
  } catch (error) {
    if (error instanceof StartError) throw error;
    throw new StartError(
      `The Redis at ${withoutPassword(redisUrl)} cannot be used: ${cause === '' ? messageOf(error) : cause}. ` +
        'Check REDIS_URL and that the server runs; without REDIS_URL PostgreSQL carries the queues.',
      { cause: error },
    );
  } finally {
    redis.disconnect();
  }
}

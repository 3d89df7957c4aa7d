import { createConnection } from 'node:net';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** A Redis that answers, or null. */
    testRedisUrl: string | null;
  }
}

/** Redis has 16 databases by default; 0 is left to whoever else uses this one. */
const DATABASES = 15;

/** Looks once for a Redis that tests may use: `TEST_REDIS_URL`, or the one on this machine. */
export default async function setup(project: TestProject): Promise<void> {
  const given = process.env['TEST_REDIS_URL'];
  const url = given === undefined || given === '' ? `redis://127.0.0.1:6379/${1 + (process.pid % DATABASES)}` : given;
  project.provide('testRedisUrl', (await answersAsRedis(url)) ? url : null);
}

/** Speaks just enough of the protocol to tell a Redis from another program on its port. */
export async function answersAsRedis(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = createConnection({ host: hostname, port: Number(port || 6379), timeout: 1_000 });
    const finish = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write('PING\r\n'));
    // A Redis that wants a password answers -NOAUTH: it is there as well.
    socket.once('data', (answer) => finish(/^\+PONG|^-NOAUTH/.test(answer.toString())));
    socket.once('error', () => finish(false));
    socket.once('timeout', () => finish(false));
  });
}

import 'reflect-metadata';
import { rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, pino } from 'pino';
import { register } from 'prom-client';
import { startApi } from '../../src/api.js';
import { bootstrap } from '../../src/bootstrap.js';
import type { Settings } from '../../src/common/config/settings.js';
import { startWorker } from '../../src/worker.js';
import { built } from './built.js';
import { createTestDatabase } from './database.js';
import { type NestorClient, nestorClient } from './nestor-client.js';
import { startRedisServer } from './redis.js';
import { testSettings } from './settings.js';

/** All of Nestor: api and worker in this process, executors in theirs, a database and a Redis of its own. */
export interface TestNestor extends NestorClient {
  readonly managementUrl: string;
  readonly workerManagementUrl: string;
  /** Null where gRPC is off. */
  readonly grpcPort: number | null;
  readonly settings: Settings;
  readonly email: string;
  readonly password: string;
  close(): Promise<void>;
}

export interface NestorOptions {
  /** Whether queues, notifications and rate limits run on a Redis, instead of on PostgreSQL. */
  readonly redis: boolean;
  readonly overrides?: Readonly<Record<string, string>>;
  /** Where both processes log. Default: nowhere. */
  readonly logger?: Logger;
}

/** Starts Nestor as its main programs do, and waits until both processes say that they are ready. */
export async function startTestNestor(options: NestorOptions): Promise<TestNestor> {
  await built('src/executor.main.js');
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const end of closers.splice(0).toReversed()) await end();
  };
  try {
    return { ...(await start(options, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  { redis: withRedis, overrides = {}, logger = pino({ level: 'silent' }) }: NestorOptions,
  closers: (() => Promise<unknown>)[],
): Promise<Omit<TestNestor, 'close'>> {
  // Gauges of a Nestor that was closed would go on asking its parts.
  register.clear();
  const database = await createTestDatabase();
  closers.push(() => database.drop());
  const redisUrl: Record<string, string> = {};
  if (withRedis) {
    const server = await startRedisServer();
    closers.push(() => server.stop());
    redisUrl['REDIS_URL'] = server.url;
  }
  const settings = testSettings({ DATABASE_URL: database.url, ...redisUrl, ...overrides });
  closers.push(() => rm(settings.NESTOR_HOME, { recursive: true, force: true }));
  const { email, password, apiKey } = await bootstrap(settings, logger, { resetAdminPassword: false });
  if (password === null || apiKey === null) throw new Error('The first start gave no password or API key.');
  const worker = await startWorker(settings, logger);
  closers.push(() => worker.close());
  const api = await startApi(settings, logger);
  closers.push(() => api.close());
  await Promise.all([ready(worker.managementUrl), ready(api.managementUrl)]);
  const { url, managementUrl, grpcPort } = api;
  const parts = { managementUrl, grpcPort, workerManagementUrl: worker.managementUrl };
  return { ...parts, settings, email, password, ...nestorClient(url, { 'x-api-key': apiKey }) };
}

/** Also a failed check is an answer; the hook's time limit bounds the wait. */
async function ready(managementUrl: string): Promise<void> {
  while ((await fetch(`${managementUrl}/health/ready`)).status !== 200) await sleep(50);
}

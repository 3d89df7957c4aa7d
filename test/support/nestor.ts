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
import { ask, type GraphqlAnswer, type Headers, send } from './graphql.js';
import { startRedisServer } from './redis.js';
import { testSettings } from './settings.js';

type Variables = Readonly<Record<string, unknown>>;

/** All of Nestor: api and worker in this process, executors in theirs, a database and a Redis of its own. */
export interface TestNestor {
  readonly url: string;
  readonly managementUrl: string;
  readonly workerManagementUrl: string;
  /** Null where gRPC is off. */
  readonly grpcPort: number | null;
  readonly settings: Settings;
  readonly email: string;
  readonly password: string;
  /** Headers of the first administrator's API key. */
  readonly key: Headers;
  /** Sends one operation, as the administrator unless headers are given. */
  send<Data>(query: string, variables?: Variables, headers?: Headers): Promise<GraphqlAnswer<Data>>;
  /** As `send`, for one that must succeed. */
  ask<Data>(query: string, variables?: Variables, headers?: Headers): Promise<Data>;
  /** Uploads a file and returns its digest. */
  upload(bytes: Uint8Array): Promise<string>;
  /** Uploads a model and makes a version of it, with the registered model where there is none of this name. */
  addModel(name: string, bytes: Uint8Array): Promise<number>;
  close(): Promise<void>;
}

export interface NestorOptions {
  /** Whether queues, notifications and rate limits run on a Redis, instead of on PostgreSQL. */
  readonly redis: boolean;
  readonly overrides?: Readonly<Record<string, string>>;
  /** Where both processes log. Default: nowhere. */
  readonly logger?: Logger;
}

const CREATE_MODEL = 'mutation ($name: String!) { createRegisteredModel(input: { name: $name }) { name } }';
const CREATE_VERSION = `mutation ($model: String!, $artifact: String!) {
  createModelVersion(input: { model: $model, artifact: $artifact }) { version }
}`;

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
  const urls = { url, managementUrl, grpcPort, workerManagementUrl: worker.managementUrl };
  return { ...urls, settings, email, password, ...clientOf(api.url, { 'x-api-key': apiKey }) };
}

function clientOf(url: string, key: Headers): Pick<TestNestor, 'key' | 'send' | 'ask' | 'upload' | 'addModel'> {
  const upload = async (bytes: Uint8Array): Promise<string> => {
    const headers = { 'content-type': 'application/octet-stream', ...key };
    const response = await fetch(`${url}/api/artifacts`, { method: 'PUT', headers, body: bytes });
    const answer = (await response.json()) as { digest?: string };
    if (answer.digest === undefined) throw new Error(`The upload failed with ${response.status}.`);
    return answer.digest;
  };
  const known = new Set<string>();
  return {
    key,
    send: (query, variables = {}, headers = key) => send(url, query, variables, headers),
    ask: (query, variables = {}, headers = key) => ask(url, query, variables, headers),
    upload,
    addModel: async (name, bytes) => {
      const artifact = await upload(bytes);
      if (!known.has(name)) await ask(url, CREATE_MODEL, { name }, key);
      known.add(name);
      const variables = { model: name, artifact };
      const made = await ask<{ createModelVersion: { version: number } }>(url, CREATE_VERSION, variables, key);
      return made.createModelVersion.version;
    },
  };
}

/** Also a failed check is an answer; the hook's time limit bounds the wait. */
async function ready(managementUrl: string): Promise<void> {
  while ((await fetch(`${managementUrl}/health/ready`)).status !== 200) await sleep(50);
}

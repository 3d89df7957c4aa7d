import 'reflect-metadata';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { type RunningApi, startApi } from '../../src/api.js';
import type { ActorContext } from '../../src/common/access/actor.js';
import { permissionsOfRole } from '../../src/common/access/permissions.js';
import type { Settings } from '../../src/common/config/settings.js';
import { BootstrapService } from '../../src/modules/auth/bootstrap/bootstrap.service.js';
import { ArtifactService } from '../../src/modules/registry/artifact.service.js';
import type { ModelMetadata } from '../../src/modules/registry/model-metadata.js';
import { ModelVersionService } from '../../src/modules/registry/model-version.service.js';
import { RegisteredModelService } from '../../src/modules/registry/registered-model.service.js';
import { WorkerModule } from '../../src/worker.module.js';
import { built } from './built.js';
import { createTestDatabase } from './database.js';
import { type GraphqlAnswer, send } from './graphql.js';
import { testSettings } from './settings.js';

/** The real api and, when asked for, real workers with real executors, on a database of their own. */
export interface TestInference {
  readonly api: RunningApi;
  readonly settings: Settings;
  readonly dataSource: DataSource;
  readonly apiKey: string;
  /** The administrator, for calls of services. */
  readonly context: ActorContext;
  ask<Data>(query: string, variables?: Readonly<Record<string, unknown>>): Promise<GraphqlAnswer<Data>>;
  /** Registers a model and waits until it can be served. @returns the version. */
  register(name: string, bytes: Uint8Array, metadata?: ModelMetadata): Promise<number>;
  /** Starts a worker in this process, without its management server: there can be one in a process. */
  startWorker(overrides?: Readonly<Record<string, string>>): Promise<INestApplicationContext>;
  close(): Promise<void>;
}

const logger = pino({ level: process.env['TEST_LOG_LEVEL'] ?? 'silent' });

export async function startTestInference(overrides: Readonly<Record<string, string>> = {}): Promise<TestInference> {
  await built('src/executor.main.js');
  const database = await createTestDatabase();
  const settings = testSettings({
    DATABASE_URL: database.url,
    NESTOR_SECRET: 'a secret that all processes of the tests share',
    NESTOR_JOB_SWEEP_MS: '500',
    NESTOR_JOB_BACKOFF_MS: '20',
    NESTOR_SHUTDOWN_TIMEOUT_MS: '5000',
    ...overrides,
  });
  const api = await startApi(settings, logger);
  const admin = await api.app.get(BootstrapService, { strict: false }).createFirstWorkspaceAndAdmin({
    email: 'admin@example.test',
  });
  const context = contextOf(admin.workspaceId);
  const workers: INestApplicationContext[] = [];
  return {
    api,
    settings,
    dataSource: api.app.get(DataSource),
    apiKey: admin.apiKey ?? '',
    context,
    ask: (query, variables = {}) => send(api.url, query, variables, { 'x-api-key': admin.apiKey ?? '' }),
    register: async (name, bytes, metadata) => {
      const models = api.app.get(RegisteredModelService, { strict: false });
      if ((await models.find(context, name)) === null) await models.create(context, { name });
      const { digest } = await api.app.get(ArtifactService, { strict: false }).upload(context, Readable.from([bytes]));
      const versions = api.app.get(ModelVersionService, { strict: false });
      return (await versions.create(context, { model: name, artifact: digest, metadata })).version;
    },
    startWorker: async (workerOverrides = {}) => {
      const given = Object.fromEntries(
        Object.entries(settings)
          .filter(([, value]) => value !== undefined)
          .map(text),
      );
      const workerSettings = testSettings({ ...given, ...workerOverrides });
      const worker = await NestFactory.createApplicationContext(WorkerModule.forRoot(workerSettings, logger), {
        logger: false,
        abortOnError: false,
      });
      workers.push(worker);
      return worker;
    },
    close: async () => {
      // One that was closed before is not minded.
      await Promise.all(workers.map((worker) => worker.close()));
      await api.close();
      await database.drop();
      await rm(settings.NESTOR_HOME, { recursive: true, force: true });
    },
  };
}

/** A worker in a process of its own. */
export interface SpawnedWorker {
  kill(): Promise<void>;
  /** Holds the process where it is, until it is let go on or killed. */
  freeze(): void;
  goOn(): void;
}

/** Starts a worker in a process of its own, which ends with this one. */
export async function spawnWorker(settings: Settings): Promise<SpawnedWorker> {
  const given = Object.fromEntries(
    Object.entries(settings)
      .filter(([, value]) => value !== undefined)
      .map(text),
  );
  const worker = spawn(process.execPath, [await built('src/worker.main.js')], {
    env: { ...given, NESTOR_EXECUTORS: '1' },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
  const ended = once(worker, 'exit');
  return {
    kill: async () => {
      worker.kill('SIGKILL');
      await ended;
    },
    freeze: () => void worker.kill('SIGSTOP'),
    goOn: () => void worker.kill('SIGCONT'),
  };
}

const text = ([name, value]: [string, unknown]): [string, string] => [name, String(value)];

function contextOf(workspaceId: string): ActorContext {
  const permissions = new Set(permissionsOfRole.ADMIN);
  const actor = { kind: 'USER', id: 'tester', name: 'tester', workspaceId, role: 'ADMIN', permissions } as const;
  return { requestId: 'test', address: null, actor };
}

/** Asks again and again until the answer is what is waited for; the test's time limit ends it. */
export async function until<Value>(
  ask: () => Promise<Value> | Value,
  isDone: (value: Value) => boolean,
): Promise<Value> {
  for (;;) {
    const value = await ask();
    if (isDone(value)) return value;
    await sleep(25);
  }
}

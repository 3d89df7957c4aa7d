import 'reflect-metadata';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { type CanActivate, type ExecutionContext, Global, Inject, Module } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, Reflector } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { ACCESS_RULE, type AccessRule } from '../../src/common/access/access.decorators.js';
import type { Actor, ActorContext } from '../../src/common/access/actor.js';
import { requestOf } from '../../src/common/access/call-context.js';
import { permissionsOfRole, type Role } from '../../src/common/access/permissions.js';
import { ConfigModule, SETTINGS } from '../../src/common/config/config.module.js';
import type { Settings } from '../../src/common/config/settings.js';
import { DatabaseModule } from '../../src/common/database/database.module.js';
import { CryptoModule } from '../../src/common/crypto/crypto.module.js';
import { CodedError } from '../../src/common/errors/coded-error.js';
import { PublicErrorFilter } from '../../src/common/errors/public-error.filter.js';
import { graphqlModule } from '../../src/common/graphql/graphql.module.js';
import { InputValidationPipe } from '../../src/common/graphql/input-validation.pipe.js';
import { reportTo } from '../../src/common/errors/public-error.js';
import { FrontDoor } from '../../src/common/http/front-door.js';
import { httpAdapter } from '../../src/common/http/http-server.js';
import { registerStreamBodies } from '../../src/common/http/stream-bodies.js';
import { type Channel, Notifications } from '../../src/common/notifications/notifications.js';
import { LoggerModule } from '../../src/common/observability/logger.module.js';
import { type Digest, hexOfDigest } from '../../src/common/storage/digest.js';
import { StorageModule } from '../../src/common/storage/storage.module.js';
import { AuditModule } from '../../src/modules/audit/audit.module.js';
import { inspectModel } from '../../src/modules/inference/pool/inspect-model.js';
import { type ModelInspection, ModelInspector } from '../../src/modules/registry/model-inspector.js';
import { RegistryApiModule } from '../../src/modules/registry/registry-api.module.js';
import { built } from './built.js';
import { createTestDatabase } from './database.js';
import { type GraphqlAnswer, send } from './graphql.js';
import { testSettings } from './settings.js';

/** A workspace and the role in which the test acts in it; sent as a header, checked by the test's own guard. */
export interface TestActor {
  readonly workspaceId: string;
  readonly role: Role;
}

const HEADER = 'x-test-actor';

export const headersOf = ({ workspaceId, role }: TestActor) => ({ [HEADER]: `${workspaceId} ${role}` });

function actorOf(header: unknown): Actor {
  const [workspaceId, role] = String(header).split(' ') as [string, Role];
  const permissions = new Set(permissionsOfRole[role]);
  return { kind: 'USER', id: 'tester', name: 'tester@example.test', workspaceId, role, permissions };
}

export const contextOf = ({ workspaceId, role }: TestActor): ActorContext => ({
  requestId: randomUUID(),
  address: null,
  actor: actorOf(`${workspaceId} ${role}`),
});

/** Stands in for sign-in alone: who acts is believed, what they may do is checked as in the product. */
class TestGuard implements CanActivate {
  constructor(private readonly reflector: Reflector) {}

  canActivate(context: ExecutionContext): boolean {
    const request = requestOf(context);
    request.actor ??= actorOf(request.headers[HEADER]);
    const rule = this.reflector.getAllAndOverride<AccessRule | undefined>(ACCESS_RULE, [context.getHandler()]);
    if (rule?.kind !== 'PERMISSION' || !request.actor.permissions.has(rule.permission)) {
      throw new CodedError('FORBIDDEN', 'The test guard refuses this.');
    }
    return true;
  }
}

/** Delivers within this process, as Redis or PostgreSQL would to all of them. */
export class LocalNotifications extends Notifications {
  private readonly listeners = new Map<Channel, Set<(message: string) => void>>();
  private readonly gapListeners = new Set<() => void>();
  readonly published: string[] = [];

  override publish(channel: Channel, message: string): Promise<void> {
    this.published.push(message);
    for (const listener of this.listeners.get(channel) ?? []) listener(message);
    return Promise.resolve();
  }

  override subscribe(channel: Channel, listener: (message: string) => void): () => void {
    const listeners = this.listeners.get(channel) ?? new Set();
    this.listeners.set(channel, listeners.add(listener));
    return () => listeners.delete(listener);
  }

  override onGap(listener: () => void): () => void {
    this.gapListeners.add(listener);
    return () => this.gapListeners.delete(listener);
  }

  gap(): void {
    for (const listener of this.gapListeners) listener();
  }
}

/** The real inspection: an executor process for each model. */
class ProcessInspector extends ModelInspector {
  private entry: Promise<string> | undefined;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {
    super();
  }

  override async inspect(path: string, digest: Digest): Promise<ModelInspection> {
    this.entry ??= built('src/executor.main.js');
    const file = { path, digest: hexOfDigest(digest) };
    return inspectModel(file, {
      entry: await this.entry,
      memoryBytes: this.settings.NESTOR_EXECUTOR_MEMORY_BYTES,
      runTimeoutMs: this.settings.NESTOR_EXECUTOR_RUN_TIMEOUT_MS,
      log: () => undefined,
    });
  }
}

@Global()
@Module({
  providers: [
    { provide: Notifications, useClass: LocalNotifications },
    { provide: ModelInspector, useClass: ProcessInspector },
  ],
  exports: [Notifications, ModelInspector],
})
class TestPorts {}

/** The registry with all that is under it real: database, store, HTTP server, GraphQL schema, executor processes. */
export interface TestRegistry {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly home: string;
  readonly databaseUrl: string;
  readonly dataSource: DataSource;
  ask<Data>(
    actor: TestActor,
    query: string,
    variables?: Readonly<Record<string, unknown>>,
  ): Promise<GraphqlAnswer<Data>>;
  upload(actor: TestActor, bytes: Uint8Array, headers?: Readonly<Record<string, string>>): Promise<Response>;
  close(): Promise<void>;
}

export async function startTestRegistry(overrides: Readonly<Record<string, string>> = {}): Promise<TestRegistry> {
  const database = await createTestDatabase();
  const settings = testSettings({ DATABASE_URL: database.url, ...overrides });
  const logger = pino({ level: 'silent' });
  const testing = await Test.createTestingModule({
    imports: [
      ConfigModule.forRoot(settings),
      CryptoModule,
      LoggerModule.forRoot(logger),
      DatabaseModule.forRoot(),
      StorageModule,
      AuditModule,
      graphqlModule(),
      TestPorts,
      RegistryApiModule,
    ],
    providers: [
      { provide: APP_FILTER, useClass: PublicErrorFilter },
      { provide: APP_PIPE, useClass: InputValidationPipe },
      { provide: APP_GUARD, inject: [Reflector], useFactory: (reflector: Reflector) => new TestGuard(reflector) },
    ],
  }).compile();
  const adapter = httpAdapter(settings, logger, new FrontDoor(settings, reportTo(logger)));
  const app = testing.createNestApplication<NestFastifyApplication>(adapter, { logger: false });
  registerStreamBodies(app.getHttpAdapter().getInstance());
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  return {
    app,
    url,
    home: settings.NESTOR_HOME,
    databaseUrl: database.url,
    dataSource: app.get(DataSource),
    ask: (actor, query, variables = {}) => send(url, query, variables, headersOf(actor)),
    upload: (actor, bytes, headers = {}) =>
      fetch(`${url}/api/artifacts`, {
        method: 'PUT',
        headers: { 'content-type': 'application/octet-stream', ...headersOf(actor), ...headers },
        body: bytes,
      }),
    close: async () => {
      await app.close();
      await database.drop();
      await rm(settings.NESTOR_HOME, { recursive: true, force: true });
    },
  };
}

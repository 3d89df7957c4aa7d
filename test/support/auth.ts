import 'reflect-metadata';
import { rm } from 'node:fs/promises';
import { APP_FILTER, APP_GUARD, APP_PIPE, NestFactory } from '@nestjs/core';
import { Controller, Get, Module, Put } from '@nestjs/common';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Field, Int, ObjectType, Parent, Query, ResolveField, Resolver, Subscription } from '@nestjs/graphql';
import { pino } from 'pino';
import { DataSource } from 'typeorm';
import { Authenticated, Context, Public, PublicContext } from '../../src/common/access/access.decorators.js';
import type { ActorContext, CallContext } from '../../src/common/access/actor.js';
import { ConfigModule } from '../../src/common/config/config.module.js';
import type { Settings } from '../../src/common/config/settings.js';
import { CryptoModule } from '../../src/common/crypto/crypto.module.js';
import { DatabaseModule } from '../../src/common/database/database.module.js';
import { PublicErrorFilter } from '../../src/common/errors/public-error.filter.js';
import { graphqlModule } from '../../src/common/graphql/graphql.module.js';
import { InputValidationPipe } from '../../src/common/graphql/input-validation.pipe.js';
import { reportTo } from '../../src/common/errors/public-error.js';
import { FrontDoor } from '../../src/common/http/front-door.js';
import { httpAdapter } from '../../src/common/http/http-server.js';
import { NotificationsModule } from '../../src/common/notifications/notifications.module.js';
import { LoggerModule } from '../../src/common/observability/logger.module.js';
import { AuditApiModule } from '../../src/modules/audit/audit-api.module.js';
import { AuditModule } from '../../src/modules/audit/audit.module.js';
import { AccessGuard } from '../../src/modules/auth/access/access.guard.js';
import { AuthModule } from '../../src/modules/auth/auth.module.js';
import { BootstrapService, type FirstAdmin } from '../../src/modules/auth/bootstrap/bootstrap.service.js';
import { SessionSweeper } from '../../src/modules/auth/sessions/session-sweeper.js';
import { createTestDatabase } from './database.js';
import { ask, type GraphqlAnswer, type Headers, send } from './graphql.js';
import { testSettings } from './settings.js';

const silent = pino({ level: 'silent' });

@ObjectType({ description: 'Probes of the access guard.' })
class Probe {
  @Field(() => Int, { description: 'Size of the list.' })
  size!: number;
}

/** Fields with every kind of access rule, and without one. */
@Resolver(() => Probe)
class ProbeResolver {
  @Public()
  @Query(() => [Probe], { description: 'Anyone.' })
  probes(): Probe[] {
    return Array.from({ length: 20 }, (_, size) => ({ size }));
  }

  @Public()
  @Query(() => String, { nullable: true, description: 'Name of the actor, where there is one.' })
  probeActor(@PublicContext() { actor }: CallContext): string | null {
    return actor?.name ?? null;
  }

  @Query(() => String, { description: 'Forgotten: has no rule.' })
  probeForgotten(): string {
    return 'reached';
  }

  @Authenticated()
  @ResolveField(() => Int, { description: 'Guarded.' })
  guarded(@Parent() probe: Probe): number {
    return probe.size;
  }

  @Authenticated()
  @Subscription(() => String, { description: 'Name of the actor, once.', resolve: (name: string) => name })
  async *probeSubscribed(@Context() { actor }: ActorContext): AsyncGenerator<string> {
    yield actor.name;
  }

  @ResolveField(() => Int, { description: 'Forgotten: has no rule.' })
  forgotten(@Parent() probe: Probe): number {
    return probe.size;
  }
}

@Controller('probe')
class ProbeController {
  @Authenticated()
  @Get('guarded/:name')
  guarded(): string {
    return 'reached';
  }

  @Put('forgotten')
  forgotten(): string {
    return 'reached';
  }
}

@Module({ providers: [ProbeResolver], controllers: [ProbeController] })
class ProbeModule {}

/** Real auth, database, audit trail, GraphQL and HTTP; besides the probes nothing else. */
export interface AuthApi {
  readonly url: string;
  readonly settings: Settings;
  readonly database: DataSource;
  readonly bootstrap: BootstrapService;
  readonly admin: FirstAdmin;
  readonly app: NestFastifyApplication;
  send<Data = Record<string, unknown>>(
    query: string,
    variables?: Readonly<Record<string, unknown>>,
    headers?: Headers,
  ): Promise<GraphqlAnswer<Data>>;
  ask<Data>(query: string, variables?: Readonly<Record<string, unknown>>, headers?: Headers): Promise<Data>;
  sweepSessions(): Promise<void>;
  close(): Promise<void>;
}

export async function startAuthApi(
  overrides: Readonly<Record<string, string>> = {},
  sharedDatabase?: string,
): Promise<AuthApi> {
  const own = sharedDatabase === undefined ? await createTestDatabase() : undefined;
  const settings = testSettings({
    DATABASE_URL: sharedDatabase ?? own?.url ?? '',
    NESTOR_SECRET: 'a secret that all processes of the tests share',
    NESTOR_SIGN_IN_LIMIT: '1000',
    ...overrides,
  });
  const adapter = httpAdapter(settings, silent, new FrontDoor(settings, reportTo(silent)));
  const app = await NestFactory.create<NestFastifyApplication>(rootOf(settings), adapter, {
    logger: false,
    abortOnError: false,
  });
  app.enableShutdownHooks([]);
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const bootstrap = app.get(BootstrapService, { strict: false });
  return {
    url,
    settings,
    app,
    bootstrap,
    database: app.get(DataSource),
    admin: await bootstrap.createFirstWorkspaceAndAdmin({ email: 'Admin@Example.com' }),
    send: (query, variables, headers) => send(url, query, variables, headers),
    ask: (query, variables, headers) => ask(url, query, variables, headers),
    sweepSessions: () => app.get(SessionSweeper, { strict: false }).sweep(),
    close: async () => {
      await app.close();
      await own?.drop();
      await rm(settings.NESTOR_HOME, { recursive: true, force: true });
    },
  };
}

function rootOf(settings: Settings) {
  @Module({
    imports: [
      ConfigModule.forRoot(settings),
      LoggerModule.forRoot(silent),
      DatabaseModule.forRoot(),
      CryptoModule,
      NotificationsModule,
      AuditModule,
      AuditApiModule,
      graphqlModule(),
      AuthModule,
      ProbeModule,
    ],
    providers: [
      { provide: APP_FILTER, useClass: PublicErrorFilter },
      { provide: APP_PIPE, useClass: InputValidationPipe },
      { provide: APP_GUARD, useExisting: AccessGuard },
    ],
  })
  class Root {}
  return Root;
}

export interface SessionAnswer {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly user: { readonly id: string; readonly email: string; readonly role: string };
}

export const SIGN_IN = `mutation SignIn($input: SignInInput!) {
  signIn(input: $input) { accessToken refreshToken expiresAt user { id email role } }
}`;

export async function signIn(
  api: AuthApi,
  email: string,
  password: string,
  workspace?: string,
): Promise<SessionAnswer> {
  const input = { email, password, workspace };
  return (await api.ask<{ signIn: SessionAnswer }>(SIGN_IN, { input })).signIn;
}

export const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });

export const PASSWORD = 'a password for tests';

const CREATE_USER = `mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { id } }`;

/** Makes a user of the first workspace and signs them in. */
export async function addUser(api: AuthApi, email: string, role: string): Promise<SessionAnswer> {
  const input = { email, role, password: PASSWORD };
  await api.ask(CREATE_USER, { input }, { 'x-api-key': api.admin.apiKey ?? '' });
  return signIn(api, email, PASSWORD);
}

/** One row of the audit trail. */
export interface AuditRow {
  readonly action: string;
  readonly outcome: string;
  readonly error_code: string | null;
  readonly actor_name: string | null;
  readonly workspace_id: string | null;
  readonly resource_type: string;
  readonly resource_id: string;
  readonly detail: Readonly<Record<string, unknown>> | null;
}

export async function auditEvents(api: AuthApi, action: string, outcome: string): Promise<AuditRow[]> {
  return api.database.query<AuditRow[]>('SELECT * FROM audit_events WHERE action = $1 AND outcome = $2 ORDER BY id', [
    action,
    outcome,
  ]);
}

const CREATE_KEY = 'mutation CreateKey($input: CreateApiKeyInput!) { createApiKey(input: $input) { key } }';

/** Makes an API key, by default as the first administrator. @param permissions by their GraphQL names. */
export async function createKey(api: AuthApi, permissions: readonly string[], headers?: Headers): Promise<string> {
  const variables = { input: { name: 'test', permissions } };
  const by = headers ?? { 'x-api-key': api.admin.apiKey ?? '' };
  return (await api.ask<{ createApiKey: { key: string } }>(CREATE_KEY, variables, by)).createApiKey.key;
}

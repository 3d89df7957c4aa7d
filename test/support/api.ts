import 'reflect-metadata';
import { rm } from 'node:fs/promises';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type Logger, pino } from 'pino';
import { startApi } from '../../src/api.js';
import type { Settings } from '../../src/common/config/settings.js';
import { createTestDatabase } from './database.js';
import { testSettings } from './settings.js';

/** The real api in this process, on a database of its own. */
export interface TestApi {
  readonly app: NestFastifyApplication;
  readonly url: string;
  readonly managementUrl: string;
  readonly settings: Settings;
  /** `METHOD /path` of every route that Fastify serves. */
  readonly routes: readonly string[];
  close(): Promise<void>;
}

export async function startTestApi(
  overrides: Readonly<Record<string, string>> = {},
  logger: Logger = pino({ level: 'silent' }),
): Promise<TestApi> {
  const database = await createTestDatabase();
  const settings = testSettings({ DATABASE_URL: database.url, ...overrides });
  const api = await startApi(settings, logger);
  return {
    ...api,
    settings,
    routes: routesOf(api.app),
    close: async () => {
      await api.close();
      await database.drop();
      await rm(settings.NESTOR_HOME, { recursive: true, force: true });
    },
  };
}

/** Reads Fastify's route table, whose lines look like `/graphql (POST, GET, HEAD)`. */
function routesOf(app: NestFastifyApplication): string[] {
  const table = app.getHttpAdapter().getInstance().printRoutes({ commonPrefix: false });
  const parents: string[] = [];
  return table.split('\n').flatMap((line) => {
    const match = /^((?:[│ ] {3})*)[├└]── (\S+)(?: \(([^)]+)\))?$/.exec(line);
    if (match === null) return [];
    const depth = (match[1] ?? '').length / 4;
    parents.splice(depth);
    parents.push(match[2] ?? '');
    return (match[3] ?? '')
      .split(', ')
      .filter(Boolean)
      .map((method) => `${method} ${parents.join('')}`);
  });
}

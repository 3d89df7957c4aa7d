import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { packageRoot } from '../../src/common/process/package-root.js';
import { freePort } from '../../src/launcher/network/free-port.js';
import { ask } from '../../test/support/graphql.js';
import { keepRunning } from './kept-process.js';

interface Credentials {
  readonly url: string;
  readonly email: string;
  readonly password: string;
  readonly apiKey: string;
}

/** Nestor as `npm start` runs it, in a home of its own. */
export interface RunningNestor {
  readonly graphqlUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The embedded PostgreSQL of this home. */
  readonly databaseUrl: string;
  /** From the command to readiness, in milliseconds. */
  readonly startedInMs: number;
  /** Of the launcher, which all processes of Nestor are below. */
  readonly pid: number;
  stop(): Promise<void>;
}

const STARTS_WITHIN_MS = 180_000;

export const newHome = (): string => mkdtempSync(join(tmpdir(), 'nestor-bench-'));

export const removeHome = (home: string): Promise<void> => rm(home, { recursive: true, force: true });

/** Runs `npm start` on ports of its own and waits until a prediction can be made. */
export async function startNestor(
  home: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningNestor> {
  const startedAt = performance.now();
  const launcher = await keepRunning({
    command: [process.execPath, join(packageRoot, 'scripts/start.mjs')],
    cwd: packageRoot,
    environment: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NESTOR_HOME: home,
      PORT: String(await freePort()),
      MANAGEMENT_PORT: String(await freePort()),
      WORKER_MANAGEMENT_PORT: String(await freePort()),
      NESTOR_EXECUTORS: '1',
      ...environment,
    },
    folder: home,
  });
  const deadline = Date.now() + STARTS_WITHIN_MS;
  // The banner is the last thing that is said, when everything is ready.
  while (!launcher.output.includes('Ctrl-C stops')) {
    if (launcher.hasEnded || Date.now() > deadline) {
      await launcher.stop();
      throw new Error(`Nestor did not start:\n${launcher.output}`);
    }
    await sleep(10);
  }
  const startedInMs = performance.now() - startedAt;
  const credentials = JSON.parse(readFileSync(join(home, 'credentials.json'), 'utf8')) as Credentials;
  return {
    graphqlUrl: new URL(credentials.url).origin,
    headers: { 'x-api-key': credentials.apiKey },
    databaseUrl: (JSON.parse(readFileSync(join(home, 'database.json'), 'utf8')) as { url: string }).url,
    startedInMs,
    pid: launcher.pid,
    stop: () => launcher.stop(),
  };
}

/** Runs Nestor in a new home as long as the work takes. */
export async function withNestor<Result>(
  environment: Readonly<Record<string, string>>,
  work: (nestor: RunningNestor) => Promise<Result>,
): Promise<Result> {
  const home = newHome();
  try {
    const nestor = await startNestor(home, environment);
    try {
      return await work(nestor);
    } finally {
      await nestor.stop();
    }
  } finally {
    await removeHome(home);
  }
}

/** Uploads a model file and registers it as version 1. */
export async function registerModel(nestor: RunningNestor, name: string, file: Buffer): Promise<void> {
  const upload = await fetch(`${nestor.graphqlUrl}/api/artifacts`, {
    method: 'PUT',
    headers: { 'content-type': 'application/octet-stream', ...nestor.headers },
    body: new Uint8Array(file),
  });
  if (!upload.ok) throw new Error(`The upload of ${name} was refused: ${await upload.text()}`);
  const artifact = `sha256:${createHash('sha256').update(file).digest('hex')}`;
  await ask(
    nestor.graphqlUrl,
    `mutation ($name: String!, $artifact: String!) {
      createRegisteredModel(input: { name: $name }) { name }
      createModelVersion(input: { model: $name, artifact: $artifact }) { version }
    }`,
    { name, artifact },
    nestor.headers,
  );
}

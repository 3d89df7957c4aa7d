import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { built } from '../support/built.js';
import { ask, send } from '../support/graphql.js';
import { makeHome, removeHome, until } from '../support/launcher/homes.js';
import {
  describeProcesses,
  type LauncherProcess,
  processesOf,
  processesOfGroup,
  spawnLauncher,
} from '../support/launcher/launcher-process.js';

// What `npm start` runs, with all that is real: embedded PostgreSQL, api, worker, executors and example models.

interface Known {
  readonly url: string;
  readonly email: string;
  readonly password: string;
  readonly apiKey: string;
}

const READY = /Ctrl-C stops everything/;
const IRIS =
  '{ predict(input: { model: "iris", records: [{ sepalLength: 5.1, sepalWidth: 3.5, petalLength: 1.4, petalWidth: 0.2 }] })' +
  ' { predictions { label } } }';

let home: string;
let launcher: LauncherProcess;

async function start(): Promise<Known> {
  launcher = spawnLauncher([await built('src/launcher.main.js')], {
    NESTOR_HOME: home,
    PORT: '0',
    MANAGEMENT_PORT: '0',
    WORKER_MANAGEMENT_PORT: '0',
    NESTOR_EXECUTORS: '1',
    NESTOR_SHUTDOWN_TIMEOUT_MS: '5000',
  });
  await launcher.printedLine(READY);
  return JSON.parse(await readFile(join(home, 'credentials.json'), 'utf8')) as Known;
}

async function stop(): Promise<void> {
  process.kill(launcher.pid, 'SIGINT');
  expect(await launcher.ended).toBe(0);
}

const labelOf = async ({ url, apiKey }: Known): Promise<string | undefined> => {
  const answer = await send<{ predict: { predictions: { label: string }[] } }>(url, IRIS, {}, { 'x-api-key': apiKey });
  return answer.data?.predict.predictions[0]?.label;
};

/** Names of the registered models, read from the database. */
async function namesOf({ url, apiKey }: Known): Promise<string[]> {
  const query = '{ registeredModels { edges { node { name } } } }';
  const { registeredModels } = await ask<{ registeredModels: { edges: { node: { name: string } }[] } }>(
    url,
    query,
    {},
    { 'x-api-key': apiKey },
  );
  return registeredModels.edges.map(({ node }) => node.name);
}

async function pidOf(name: string): Promise<number> {
  const text = await readFile(join(home, 'processes', `${name}.json`), 'utf8').catch(() => '{"pid":0}');
  return (JSON.parse(text) as { pid: number }).pid;
}

async function postmaster(): Promise<number> {
  const text = await readFile(join(home, 'postgres', 'data', 'postmaster.pid'), 'utf8').catch(() => '');
  return Number.parseInt(text, 10);
}

describe.skipIf(process.platform !== 'linux')('npm start', { timeout: 180_000 }, () => {
  let known: Known;

  beforeAll(async () => {
    home = await makeHome();
    known = await start();
  }, 180_000);

  afterAll(async () => {
    for (const pid of await processesOf(home)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It was about to end.
      }
    }
    await until(async () => (await processesOf(home)).length === 0);
    await removeHome(home);
  });

  it('ends with a command that gives a prediction when it is pasted', async () => {
    const command = /( {2}curl [^]*?)\n\n/.exec(launcher.printed())?.[1] ?? '';
    const answer = await promisify(execFile)('sh', ['-c', command]);
    expect(JSON.parse(answer.stdout)).toMatchObject({
      data: { predict: { predictions: [{ label: expect.stringContaining('setosa') }] } },
    });
  });

  it('lets the administrator sign in with the password that it printed', async () => {
    expect(launcher.printed()).toContain(known.password);
    const query = 'mutation ($input: SignInInput!) { signIn(input: $input) { accessToken } }';
    const { signIn } = await ask<{ signIn: { accessToken: string } }>(known.url, query, {
      input: { email: known.email, password: known.password },
    });
    const me = await ask<{ me: { email: string } }>(
      known.url,
      '{ me { email } }',
      {},
      { authorization: `Bearer ${signIn.accessToken}` },
    );
    expect(me.me.email).toBe(known.email);
  });

  it('serves the explorer to a browser and its state to Prometheus', async () => {
    const page = await fetch(`${known.url}/graphql`, { headers: { accept: 'text/html' } });
    expect(await page.text()).toContain('graphiql');
    const management = /http:\S+\/metrics/.exec(launcher.printed())?.[0] ?? '';
    expect(await (await fetch(management)).text()).toContain('# TYPE');
  });

  it.each(['api', 'worker'])('predicts again after kill -9 of the %s', async (name) => {
    const pid = await pidOf(name);
    process.kill(pid, 'SIGKILL');
    await until(async () => (await pidOf(name)) !== pid && (await pidOf(name)) !== 0);
    await until(async () => (await labelOf(known).catch(() => undefined)) !== undefined);
  });

  it('predicts again after kill -9 of PostgreSQL, with api and worker alive throughout', async () => {
    const [api, worker] = [await pidOf('api'), await pidOf('worker')];
    const before = await postmaster();
    process.kill(before, 'SIGKILL');
    await until(async () => Number.isInteger(await postmaster()) && (await postmaster()) !== before);
    await until(async () => (await labelOf(known).catch(() => undefined)) !== undefined);
    // A prediction needs no database; this does.
    await until(async () => (await namesOf(known).catch(() => undefined)) !== undefined);
    expect([await pidOf('api'), await pidOf('worker')]).toEqual([api, worker]);
  });

  it('leaves nothing running after Ctrl-C, and has everything at the second start', async () => {
    await ask(
      known.url,
      'mutation { createRegisteredModel(input: { name: "kept" }) { name } }',
      {},
      { 'x-api-key': known.apiKey },
    );
    await stop();
    expect(await processesOf(home)).toEqual([]);
    const again = await start();
    expect({ ...again, url: '' }).toEqual({ ...known, url: '' });
    const { registeredModel } = await ask<{ registeredModel: { name: string } | null }>(
      again.url,
      '{ registeredModel(name: "kept") { name } }',
      {},
      { 'x-api-key': again.apiKey },
    );
    expect(registeredModel).toEqual({ name: 'kept' });
    known = again;
  });

  it('leaves no orphan, executors included, when the launcher is killed', async () => {
    expect(await labelOf(known)).toContain('setosa');
    const worker = await pidOf('worker');
    expect((await processesOfGroup(worker)).length).toBeGreaterThanOrEqual(2);
    process.kill(launcher.pid, 'SIGKILL');
    await launcher.ended;
    const left = async () => [...(await processesOf(home)), ...(await processesOfGroup(worker))];
    await until(
      async () => (await left()).length === 0,
      async () => describeProcesses(await left()),
    );
    known = await start();
    expect(await labelOf(known)).toContain('setosa');
    await stop();
  });
});

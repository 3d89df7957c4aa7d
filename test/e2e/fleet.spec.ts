import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { built } from '../support/built.js';
import { startTestInference, type TestInference } from '../support/inference.js';
import { hasNamespaces, type Machine, makeNamespace } from '../support/machines.js';
import { simpleModel } from '../support/onnx/models.js';
import { openRelay, type Relay } from '../support/relay.js';

// The api in this network, workers in networks of their own: what machines of their own would be.

const SECRET = 'a secret that all machines of this fleet share';
const row = Array.from({ length: 16 }, (_, index) => index);
const inputs = ['INPUT0', 'INPUT1'].map((name) => ({ name, datatype: 'INT32', shape: [1, 16], data: row }));
const PREDICT = 'query ($inputs: [TensorInput!]) { predict(input: { model: "simple", inputs: $inputs }) { executor } }';
const SUBMIT = 'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id } }';
const JOB = 'query ($id: ID!) { inferenceJob(id: $id) { status } }';

interface RemoteWorker {
  readonly machine: Machine;
  readonly home: string;
  readonly process: ChildProcess;
}

let inference: TestInference;
let database: Relay;
const workers: RemoteWorker[] = [];
let machineCount = 0;

/** Starts a worker on a machine of its own, with a disk of its own. */
async function startRemoteWorker(overrides: Readonly<Record<string, string>> = {}): Promise<RemoteWorker> {
  machineCount += 1;
  const machine = await makeNamespace(machineCount);
  const home = await mkdtemp(join(tmpdir(), 'nestor-test-machine-'));
  const url = new URL(inference.settings.DATABASE_URL ?? '');
  url.host = `${machine.gateway}:${database.port}`;
  const [command, ...parameters] = machine.command(process.execPath, await built('src/worker.main.js'));
  const worker = spawn(command, parameters, {
    env: {
      PATH: process.env['PATH'],
      NESTOR_HOME: home,
      DATABASE_URL: url.href,
      NESTOR_SECRET: SECRET,
      NESTOR_ARTIFACT_SERVER: `${machine.gateway}:${inference.api.artifactPort ?? 0}`,
      NESTOR_EXECUTOR_LISTEN: '0.0.0.0:7100-7109',
      NESTOR_EXECUTOR_ADVERTISE: machine.address,
      NESTOR_EXECUTORS: '2',
      NESTOR_SHUTDOWN_TIMEOUT_MS: '5000',
      ...overrides,
    },
    stdio: ['ignore', process.env['TEST_LOG_LEVEL'] === undefined ? 'ignore' : 'inherit', 'inherit'],
  });
  const started = { machine, home, process: worker };
  workers.push(started);
  return started;
}

async function end({ process: worker, machine, home }: RemoteWorker, signal: NodeJS.Signals): Promise<void> {
  if (worker.exitCode === null && worker.signalCode === null) {
    const ended = once(worker, 'exit');
    worker.kill(signal);
    await ended;
  }
  await machine.remove().catch(() => undefined);
  await rm(home, { recursive: true, force: true });
}

/** Executors that take requests, by the machine on which they are. */
async function readyAt(machine: Machine): Promise<number> {
  const { data } = await inference.ask<{ executors: { id: string; state: string; address: string }[] }>(
    '{ executors { id state address } }',
  );
  return (data?.executors ?? []).filter(
    ({ state, address }) => state === 'READY' && address.startsWith(`tls://${machine.address}:`),
  ).length;
}

const untilReadyAt = (machine: Machine, count: number) =>
  expect.poll(() => readyAt(machine), { timeout: 30_000 }).toBe(count);

/** Who answered predictions, until so many machines have. */
async function answeringMachines(count: number): Promise<Set<string>> {
  const { data } = await inference.ask<{ executors: { id: string; address: string }[] }>(
    '{ executors { id address } }',
  );
  const places = new Map(data?.executors.map(({ id, address }) => [id, new URL(address).hostname]));
  const found = new Set<string>();
  while (found.size < count) {
    const answers = await Promise.all(
      Array.from({ length: 16 }, () => inference.ask<{ predict: { executor: string } }>(PREDICT, { inputs })),
    );
    for (const { data: answer, errors } of answers) {
      expect(errors).toEqual([]);
      found.add(places.get(answer?.predict.executor ?? '') ?? '');
    }
  }
  return found;
}

/** Predicts without a pause until it is stopped. @returns all errors, and how many answers were good. */
function predictAllTheTime(): { stop(): Promise<{ problems: string[]; answers: number }> } {
  const stopping = new AbortController();
  const problems: string[] = [];
  let answers = 0;
  const caller = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const { errors } = await inference.ask(PREDICT, { inputs });
      if (errors.length === 0) answers += 1;
      problems.push(...errors.map(({ message }) => message));
      await sleep(5);
    }
  };
  const callers = Promise.all(Array.from({ length: 8 }, caller));
  return {
    stop: async () => {
      stopping.abort();
      await callers;
      return { problems, answers };
    },
  };
}

describe.skipIf(!hasNamespaces())('a fleet of machines', () => {
  beforeAll(async () => {
    inference = await startTestInference({ NESTOR_SECRET: SECRET, NESTOR_ARTIFACT_LISTEN: '0.0.0.0:0' });
    const { hostname, port } = new URL(inject('testServerUrl'));
    database = await openRelay({ host: hostname, port: Number(port) }, '0.0.0.0');
    await inference.register('simple', simpleModel());
  });
  afterAll(async () => {
    await Promise.all(workers.map((worker) => end(worker, 'SIGKILL')));
    await inference.close();
    await database.close();
  });

  it('runs models on all of them, which fetch the files that they lack', async () => {
    const [first, second] = [await startRemoteWorker(), await startRemoteWorker()];
    await untilReadyAt(first.machine, 2);
    await untilReadyAt(second.machine, 2);
    expect(await answeringMachines(2)).toEqual(new Set([first.machine.address, second.machine.address]));
    for (const { home } of [first, second]) {
      expect(await readdir(join(home, 'cache', 'models'))).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
    }
  });

  it('runs queued inferences, too', async () => {
    const { data } = await inference.ask<{ submitInference: { id: string } }>(SUBMIT, {
      input: { model: 'simple', inputs },
    });
    const id = data?.submitInference.id ?? '';
    const status = async () =>
      (await inference.ask<{ inferenceJob: { status: string } }>(JOB, { id })).data?.inferenceJob.status;
    await expect.poll(status, { timeout: 20_000 }).toBe('SUCCEEDED');
  });

  it('gives nothing to a machine that has another secret, and goes on', async () => {
    const stranger = await startRemoteWorker({ NESTOR_SECRET: 'a secret that no other machine has, not even one' });
    await untilReadyAt(stranger.machine, 2);
    const load = predictAllTheTime();
    await sleep(1_000);
    const { problems, answers } = await load.stop();
    expect(problems).toEqual([]);
    expect(answers).toBeGreaterThan(50);
    expect([...(await answeringMachines(2))]).not.toContain(stranger.machine.address);
    await end(stranger, 'SIGKILL');
  });

  it('loses no request when a worker is killed', async () => {
    const extra = await startRemoteWorker();
    await untilReadyAt(extra.machine, 2);
    const load = predictAllTheTime();
    await sleep(500);
    extra.process.kill('SIGKILL');
    await sleep(1_500);
    const { problems, answers } = await load.stop();
    expect(problems).toEqual([]);
    expect(answers).toBeGreaterThan(50);
  });

  it('loses no request when the network to a machine is cut, and takes it back afterwards', async () => {
    const [first] = workers;
    if (first === undefined) throw new Error('There is no worker.');
    await untilReadyAt(first.machine, 2);
    const load = predictAllTheTime();
    await sleep(500);
    await first.machine.unplug();
    await untilReadyAt(first.machine, 0);
    await sleep(6_000);
    await first.machine.plugIn();
    await untilReadyAt(first.machine, 2);
    const { problems, answers } = await load.stop();
    expect(problems).toEqual([]);
    expect(answers).toBeGreaterThan(50);
    expect(await answeringMachines(2)).toContain(first.machine.address);
  }, 120_000);

  it('finishes what it has when a worker is asked to stop', async () => {
    const [first] = workers;
    if (first === undefined) throw new Error('There is no worker.');
    const load = predictAllTheTime();
    await sleep(300);
    const ended = once(first.process, 'exit');
    first.process.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    const { problems } = await load.stop();
    expect(problems).toEqual([]);
  });
});

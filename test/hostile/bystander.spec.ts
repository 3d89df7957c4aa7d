import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Settings } from '../../src/common/config/settings.js';
import { freePort } from '../../src/launcher/network/free-port.js';
import { built } from '../support/built.js';
import { send } from '../support/graphql.js';
import type { Target } from './corpus/attack.js';
import { hostileModels } from './corpus/hostile-runs.js';
import { corpus, onslaught } from './corpus/onslaught.js';
import { startVictim, type Victim } from './victim.js';

/** Heap of the api that is attacked, in MiB: what is not given back would soon be too much. */
const HEAP_MIB = 192;
const RESIDENT_MAX_MIB = 700;

let victim: Victim;
let api: ChildProcess;
let target: Target;

beforeAll(async () => {
  victim = await startVictim({ NESTOR_EXECUTORS: '2', NESTOR_REQUEST_STALL_MS: '1000' });
  for (const [name, bytes] of Object.entries(hostileModels)) await victim.nestor.addModel(name, bytes());
  const [port, grpcPort, managementPort] = [await freePort(), await freePort(), await freePort()];
  api = await spawnApi(victim.nestor.settings, { PORT: port, GRPC_PORT: grpcPort, MANAGEMENT_PORT: managementPort });
  target = { ...victim.target, url: `http://127.0.0.1:${port}`, grpcPort };
  const ready = () =>
    fetch(`http://127.0.0.1:${managementPort}/health/ready`).then(
      ({ status }) => status === 200,
      () => false,
    );
  while (!(await ready())) await sleep(50);
}, 120_000);

afterAll(async () => {
  const ended = once(api, 'exit');
  api.kill('SIGTERM');
  await ended;
  await victim.nestor.close();
});

/** An api in a process of its own, so that it can end. */
async function spawnApi(settings: Settings, ports: Readonly<Record<string, number>>): Promise<ChildProcess> {
  const given = Object.entries({ ...settings, ...ports }).flatMap(([name, value]) =>
    value === undefined || (Array.isArray(value) && value.length === 0) ? [] : [[name, String(value)] as const],
  );
  const parameters = [`--max-old-space-size=${HEAP_MIB}`, await built('src/main.js')];
  return spawn(process.execPath, parameters, {
    env: Object.fromEntries(given),
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });
}

const tensor = (name: string, value: number) => ({
  name,
  datatype: 'INT32',
  shape: [1, 16],
  data: Array.from({ length: 16 }, () => value),
});

/** Adds and subtracts, each time other numbers. @returns what was wrong with the answer. */
async function predict(number: number): Promise<string | undefined> {
  const inputs = [tensor('INPUT0', number), tensor('INPUT1', 1)];
  if (number % 2 === 0) {
    const query = 'query ($input: PredictInput!) { predict(input: $input) { outputs { data } } }';
    const { data, errors } = await send<{ predict: { outputs: [{ data: number[] }] } }>(
      target.url,
      query,
      { input: { model: 'simple', inputs } },
      target.key,
    );
    return data?.predict.outputs[0].data[0] === number + 1 ? undefined : JSON.stringify(errors);
  }
  const response = await fetch(`${target.url}/v2/models/simple/infer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...target.key },
    body: JSON.stringify({ inputs }),
  });
  const text = await response.text();
  const { outputs } = JSON.parse(text) as { outputs?: [{ data: number[] }] };
  return outputs?.[0].data[0] === number + 1 ? undefined : text;
}

it('answers everybody else rightly while all of the corpus is thrown at it', async () => {
  const over = new AbortController();
  const attack = onslaught(corpus, target).finally(() => over.abort());
  const wrong: string[] = [];
  let answered = 0;
  const bystander = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const problem = await predict(answered);
      answered += 1;
      if (problem !== undefined) wrong.push(problem);
    }
  };
  await Promise.all([bystander(), bystander()]);
  expect(await attack).toEqual([]);
  expect(wrong).toEqual([]);
  expect(answered).toBeGreaterThan(100);
}, 300_000);

async function idleExecutors(): Promise<number> {
  const { executors } = await victim.nestor.ask<{ executors: readonly { state: string; inFlight: number }[] }>(
    '{ executors { state inFlight } }',
  );
  return executors.filter(({ state, inFlight }) => state === 'READY' && inFlight === 0).length;
}

it('has lost no process, no memory and no file by it', async () => {
  expect([api.exitCode, api.signalCode]).toEqual([null, null]);
  const status = await readFile(`/proc/${api.pid}/status`, 'utf8');
  expect(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024).toBeLessThan(RESIDENT_MAX_MIB);
  await expect.poll(idleExecutors, { timeout: 30_000 }).toBe(2);
  expect(await readdir(join(victim.nestor.settings.NESTOR_HOME, 'artifacts', 'tmp'))).toEqual([]);
}, 60_000);
